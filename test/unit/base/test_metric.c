// SPDX-License-Identifier: BSD-3-Clause
#include "base/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct sample {
	uint32_t small;
	uint64_t large;
	uint64_t several[3];
	uint64_t times[4];
	uint64_t times_ns;
};

static const struct metric rows[] = {
	{.name = "small", METRIC_AT(struct sample, small)},
	{.name = "large", METRIC_AT(struct sample, large)},
	{.name = "several", METRIC_ALL(struct sample, several)},
	{.name = "times",
	 .kind = METRIC_HISTOGRAM,
	 .sum_offset = offsetof(struct sample, times_ns),
	 METRIC_ALL(struct sample, times)},
};

static const struct metric_table table = METRIC_TABLE(rows);

static void
a_row_knows_where_its_values_lie(void **state)
{
	const struct sample sample = {1, UINT64_MAX, {2, 3, 4}, {5, 6, 7, 8}, 9};

	(void)state;
	assert_int_equal(table.n, 4);
	assert_int_equal(metric_value(&rows[0], &sample, 0), 1);
	assert_true(metric_value(&rows[1], &sample, 0) == UINT64_MAX);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(metric_value(&rows[2], &sample, i), 2 + i);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(metric_value(&rows[3], &sample, i), 5 + i);
	assert_int_equal(metric_sum_ns(&rows[3], &sample), 9);
	assert_int_equal(rows[2].n, 3);
	assert_int_equal(rows[2].width, 8);
	assert_int_equal(rows[0].width, 4);
}

static void
all_values_add_up(void **state)
{
	struct sample sum = {10, 20, {30, 40, 50}, {1, 1, 1, 1}, 100};
	const struct sample part = {1, 2, {3, 4, 5}, {6, 7, 8, 9}, 10};

	(void)state;
	metrics_add(&table, &sum, &part);
	assert_int_equal(sum.small, 11);
	assert_int_equal(sum.large, 22);
	assert_int_equal(sum.several[0], 33);
	assert_int_equal(sum.several[2], 55);
	assert_int_equal(sum.times[0], 7);
	assert_int_equal(sum.times[3], 10);
	assert_int_equal(sum.times_ns, 110);
}

// Values before the first one mean nothing, and are left out.
static void
a_total_is_the_sum_of_the_values(void **state)
{
	const struct sample sample = {1, UINT64_MAX, {2, 3, 4}, {5, 6, 7, 8}, 9};
	struct metric behind_the_first = rows[2];

	(void)state;
	behind_the_first.first = 1;
	assert_int_equal(metric_total(&rows[0], &sample), 1);
	assert_true(metric_total(&rows[1], &sample) == UINT64_MAX);
	assert_int_equal(metric_total(&rows[2], &sample), 9);
	assert_int_equal(metric_total(&behind_the_first, &sample), 7);
}

static void
a_row_is_found_by_the_place_of_its_values(void **state)
{
	(void)state;
	assert_ptr_equal(metric_row_at(&table, offsetof(struct sample, small)), &rows[0]);
	assert_ptr_equal(metric_row_at(&table, offsetof(struct sample, several)), &rows[2]);
	assert_ptr_equal(metric_row_at(&table, offsetof(struct sample, times)), &rows[3]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_knows_where_its_values_lie),
		cmocka_unit_test(all_values_add_up),
		cmocka_unit_test(a_total_is_the_sum_of_the_values),
		cmocka_unit_test(a_row_is_found_by_the_place_of_its_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
