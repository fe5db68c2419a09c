// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/alarm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BEGIN_NS UINT64_C(1700000000000000000)

static struct alarm alarm_of_test;

static int
start(void **state)
{
	(void)state;
	alarm_init(&alarm_of_test, "it happens");
	return 0;
}

// At this second the counter has this value: the expected line, and its number.
static void
assert_turn(uint64_t sec, uint64_t counter, enum alarm_line expected, uint64_t expected_n)
{
	uint64_t n = 0;

	assert_int_equal(alarm_turn(&alarm_of_test, counter, BEGIN_NS + sec * NS_PER_SEC, &n),
			 expected);
	assert_int_equal(n, expected_n);
}

static void
test_nothing_happens(void **state)
{
	(void)state;
	for (uint64_t sec = 0; sec < 1000; sec++)
		assert_turn(sec, 0, ALARM_NONE, 0);
}

static void
test_once(void **state)
{
	(void)state;
	assert_turn(0, 0, ALARM_NONE, 0);
	assert_turn(1, 1, ALARM_BEGINS, 1);
	for (uint64_t sec = 2; sec < 61; sec++)
		assert_turn(sec, 1, ALARM_NONE, 0);
	assert_turn(61, 1, ALARM_GOES_ON, 1);
	for (uint64_t sec = 62; sec < 121; sec++)
		assert_turn(sec, 1, ALARM_NONE, 0);
	assert_turn(121, 1, ALARM_ENDS, 1);
	for (uint64_t sec = 122; sec < 1000; sec++)
		assert_turn(sec, 1, ALARM_NONE, 0);
}

// A line a minute, whatever comes, and all is counted once.
static void
test_an_hour_of_a_million_per_second(void **state)
{
	uint64_t n_lines = 0, sum = 0, counter = 0, n;

	(void)state;
	for (uint64_t sec = 0; sec < 3600; sec++) {
		counter += 1000000;
		switch (alarm_turn(&alarm_of_test, counter, BEGIN_NS + sec * NS_PER_SEC, &n)) {
		case ALARM_NONE:
			break;
		case ALARM_GOES_ON:
			sum += n;
			n_lines++;
			break;
		case ALARM_BEGINS:
			assert_int_equal(sec, 0);
			break;
		case ALARM_ENDS:
			fail();
		}
	}
	assert_int_equal(n_lines, 59);
	assert_turn(3600, counter, ALARM_GOES_ON, counter - sum);
	assert_turn(3660, counter, ALARM_ENDS, counter);
}

static void
test_it_begins_again(void **state)
{
	(void)state;
	assert_turn(0, 5, ALARM_BEGINS, 5);
	assert_turn(60, 7, ALARM_GOES_ON, 7);
	assert_turn(120, 7, ALARM_ENDS, 7);
	assert_turn(121, 10, ALARM_BEGINS, 3);
	assert_turn(181, 10, ALARM_GOES_ON, 3);
	assert_turn(241, 10, ALARM_ENDS, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_happens, start),
		cmocka_unit_test_setup(test_once, start),
		cmocka_unit_test_setup(test_an_hour_of_a_million_per_second, start),
		cmocka_unit_test_setup(test_it_begins_again, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
