// SPDX-License-Identifier: BSD-3-Clause
//
// Cycles of the parts of a worker's loop, by a counter of the test's own.
#include "pipeline/cycles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

static uint64_t counter;

static uint64_t
read_counter(void)
{
	return counter;
}

static void
time_belongs_to_the_counter_that_ends(void **state)
{
	struct cycles cycles = {.read = read_counter};

	(void)state;
	counter = 1000;
	cycles_begin(&cycles);
	counter += 7;
	cycles_end(&cycles, CYCLES_RECEIVE);
	counter += 20;
	cycles_end(&cycles, CYCLES_STAGES);
	counter += 500; // belongs to nobody
	cycles_begin(&cycles);
	counter += 3;
	cycles_end(&cycles, CYCLES_RECEIVE);
	for (int at = 0; at < CYCLES_MAX; at++)
		assert_int_equal(cycles.spent[at], at == CYCLES_RECEIVE  ? 7 + 3
						   : at == CYCLES_STAGES ? 20
									 : 0);
}

static void
nothing_is_counted_without_a_counter(void **state)
{
	static const struct cycles zero;
	struct cycles cycles = {.read = NULL};

	(void)state;
	cycles_begin(&cycles);
	cycles_end(&cycles, CYCLES_RECEIVE);
	assert_memory_equal(&cycles, &zero, sizeof(cycles));
}

// The loop around the pipeline has its parts, the table of stages names the others.
static void
parts_are_in_the_order_of_the_loop(void **state)
{
	static const char *const expected[] = {"receive",   "lane",  "parse",   "stateless",
					       "conntrack", "rules", "confirm", "count",
					       "send",      "reap"};
	struct cycles_part parts[CYCLES_MAX];
	bool is_used[CYCLES_MAX] = {false};

	(void)state;
	assert_int_equal(cycles_parts(parts), RTE_DIM(expected));
	for (size_t i = 0; i < RTE_DIM(expected); i++) {
		assert_string_equal(parts[i].name, expected[i]);
		assert_true(parts[i].counter < CYCLES_MAX);
		assert_false(is_used[parts[i].counter]);
		is_used[parts[i].counter] = true;
		assert_int_equal(cycles_counter(expected[i]), parts[i].counter);
	}
	assert_int_equal(cycles_counter("receive"), CYCLES_RECEIVE);
	assert_int_equal(cycles_counter("send"), CYCLES_SEND);
	assert_int_equal(cycles_counter("reap"), CYCLES_REAP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_belongs_to_the_counter_that_ends),
		cmocka_unit_test(nothing_is_counted_without_a_counter),
		cmocka_unit_test(parts_are_in_the_order_of_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
