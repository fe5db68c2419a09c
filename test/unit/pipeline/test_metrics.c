// SPDX-License-Identifier: BSD-3-Clause
//
// A counter without a row would be printed nowhere.
#include "pipeline/metrics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "pipeline/pipeline.h"
#include "util/rows.h"

static void
every_counter_has_a_row(void **state)
{
	(void)state;
	assert_rows(&pipeline_metrics, sizeof(struct pipeline_stats));
	rows_assert_names(&cycles_metrics, __FILE__, __LINE__);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
