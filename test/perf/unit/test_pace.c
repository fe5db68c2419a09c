// SPDX-License-Identifier: BSD-3-Clause
//
// Packets come by the clock: as many as the time says, each when it is due, and what finds the ring
// full is lost.
#include "perf/source/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HZ    UINT64_C(1000000000)
#define RATE  UINT64_C(10000000) // a packet per 100 cycles
#define BEGIN UINT64_C(5000)

static uint64_t due[2 * PACE_RING];

static unsigned int
take(struct pace *pace, uint64_t now, unsigned int max)
{
	return pace_take(pace, RATE, now, HZ, due, max);
}

static void
packets_come_evenly(void **state)
{
	struct pace pace = {0};

	(void)state;
	assert_int_equal(take(&pace, BEGIN, 32), 1);
	assert_int_equal(due[0], BEGIN);
	assert_int_equal(take(&pace, BEGIN + 99, 32), 0);
	assert_int_equal(take(&pace, BEGIN + 350, 32), 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(due[i], BEGIN + 100 * (i + 1));
	assert_int_equal(pace.n_lost, 0);
}

static void
who_looks_late_finds_what_came_when_it_came(void **state)
{
	struct pace pace = {0};

	(void)state;
	(void)take(&pace, BEGIN, 1);
	assert_int_equal(take(&pace, BEGIN + 5000, 32), 32);
	assert_int_equal(due[0], BEGIN + 100);
	assert_int_equal(due[31], BEGIN + 3200);
	assert_int_equal(take(&pace, BEGIN + 5000, 32), 18);
	assert_int_equal(due[17], BEGIN + 5000);
	assert_int_equal(take(&pace, BEGIN + 5000, 32), 0);
}

static void
what_finds_the_ring_full_is_lost(void **state)
{
	struct pace pace = {0};

	(void)state;
	(void)take(&pace, BEGIN, 1);
	// 2000 have come: the first ones wait.
	assert_int_equal(take(&pace, BEGIN + 200000, 24), 24);
	assert_int_equal(pace.n_lost, 2000 - PACE_RING);
	assert_int_equal(due[23], BEGIN + 2400);
	// Six more, for which there is room now.
	assert_int_equal(take(&pace, BEGIN + 200600, 2 * PACE_RING), PACE_RING - 24 + 6);
	assert_int_equal(due[PACE_RING - 25], BEGIN + 100 * (uint64_t)PACE_RING);
	assert_int_equal(due[PACE_RING - 24], BEGIN + 200100);
	assert_int_equal(pace.n_lost, 2000 - PACE_RING);
}

static void
another_rate_begins_anew(void **state)
{
	struct pace pace = {0};

	(void)state;
	(void)take(&pace, BEGIN, 1);
	assert_int_equal(take(&pace, BEGIN + 1000, 1), 1); // nine more wait
	assert_int_equal(pace_take(&pace, 2 * RATE, BEGIN + 5000, HZ, due, 32), 1);
	assert_int_equal(due[0], BEGIN + 5000);
	assert_int_equal(pace_take(&pace, 2 * RATE, BEGIN + 5100, HZ, due, 32), 2);
	assert_int_equal(pace_take(&pace, 0, BEGIN + 9000, HZ, due, 32), 0);
	assert_int_equal(pace_take(&pace, RATE, BEGIN + 9500, HZ, due, 32), 1);
	assert_int_equal(due[0], BEGIN + 9500);
}

// The time between two packets need not be a whole number of cycles: after a second all have come.
static void
an_odd_rate_is_kept(void **state)
{
	const uint64_t rate = 3333333;
	struct pace pace = {0};
	uint64_t n = 0;

	(void)state;
	for (uint64_t now = 0; now < HZ; now += 7001)
		n += pace_take(&pace, rate, now, HZ, due, PACE_RING);
	n += pace_take(&pace, rate, HZ - 1, HZ, due, PACE_RING);
	assert_in_range(n, rate, rate + 1);
	assert_int_equal(pace.n_lost, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_evenly),
		cmocka_unit_test(who_looks_late_finds_what_came_when_it_came),
		cmocka_unit_test(what_finds_the_ring_full_is_lost),
		cmocka_unit_test(another_rate_begins_anew),
		cmocka_unit_test(an_odd_rate_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
