// SPDX-License-Identifier: BSD-3-Clause
//
// A counter without a row would be printed nowhere.
#include "rules/metrics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "rules/ruleset.h"
#include "util/rows.h"

static void
every_counter_has_a_row(void **state)
{
	(void)state;
	assert_rows(&rule_metrics, sizeof(struct rule_counter));
	assert_rows(&policy_metrics, sizeof(struct rule_counter));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
