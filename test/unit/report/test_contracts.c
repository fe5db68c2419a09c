// SPDX-License-Identifier: BSD-3-Clause
//
// What reports demand of whoever asks for them is checked where contracts are (base/contract.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/filter.h"
#include "report/openmetrics.h"
#include "util/death.h"

static void
read_into_a_filter_that_asks(void *filter)
{
	char error[64];

	filter_parse("proto=tcp", filter, error, sizeof(error));
	filter_parse("zone=1", filter, error, sizeof(error));
}

static void
write_what_has_no_name(void *none)
{
	(void)none;
	openmetrics_write_sample(stdout, "1st", "", NULL, 0, "1");
}

static void
write_a_label_without_a_name(void *none)
{
	const struct openmetrics_label label = {.name = "a-b", .value = "c"};

	(void)none;
	openmetrics_write_sample(stdout, "a", "", &label, 1, "1");
}

static void
write_what_is_no_number(void *none)
{
	(void)none;
	openmetrics_write_sample(stdout, "a", "", NULL, 0, "1 2");
}

static void
broken_ones_end_the_process(void **state)
{
	struct ct_filter filter = {0};

	(void)state;
	skip_without_contracts();
	assert_dies(read_into_a_filter_that_asks, &filter,
		    "filter_parse: broken contract: filter_is");
	assert_dies(write_what_has_no_name, NULL,
		    "openmetrics_write_sample: broken contract: openm");
	assert_dies(write_a_label_without_a_name, NULL, "broken contract: openmetrics_is_label(");
	assert_dies(write_what_is_no_number, NULL,
		    "openmetrics_write_sample: broken contract: val");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
