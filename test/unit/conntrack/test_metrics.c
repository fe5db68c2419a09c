// SPDX-License-Identifier: BSD-3-Clause
//
// A counter without a row would be printed nowhere.
#include "conntrack/metrics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "conntrack/conntrack.h"
#include "util/rows.h"

static void
every_counter_has_a_row(void **state)
{
	(void)state;
	assert_rows(&ct_metrics, sizeof(struct ct_stats));
	assert_rows(&ct_count_metrics, sizeof(struct ct_count));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
