// SPDX-License-Identifier: BSD-3-Clause
//
// Cycles of the parts of a worker's loop, by a counter of the test's own.
#include "pipeline/cycles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

static uint64_t counter;

static uint64_t
read_counter(void)
{
	return counter;
}

static void
time_belongs_to_the_part_that_ends(void **state)
{
	struct cycles cycles = {.read = read_counter};

	(void)state;
	counter = 1000;
	cycles_begin(&cycles);
	counter += 7;
	cycles_end(&cycles, CYCLES_PARSE);
	counter += 20;
	cycles_end(&cycles, CYCLES_RULES);
	counter += 500; // belongs to nobody
	cycles_begin(&cycles);
	counter += 3;
	cycles_end(&cycles, CYCLES_PARSE);
	for (int part = 0; part < CYCLES_PARTS; part++)
		assert_int_equal(cycles.spent[part], part == CYCLES_PARSE   ? 7 + 3
						     : part == CYCLES_RULES ? 20
									    : 0);
}

static void
nothing_is_counted_without_a_counter(void **state)
{
	static const struct cycles zero;
	struct cycles cycles = {.read = NULL};

	(void)state;
	cycles_begin(&cycles);
	cycles_end(&cycles, CYCLES_PARSE);
	assert_memory_equal(&cycles, &zero, sizeof(cycles));
}

static void
every_part_has_a_name(void **state)
{
	(void)state;
	for (int part = 0; part < CYCLES_PARTS; part++)
		assert_non_null(cycles_part_name(part));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_belongs_to_the_part_that_ends),
		cmocka_unit_test(nothing_is_counted_without_a_counter),
		cmocka_unit_test(every_part_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
