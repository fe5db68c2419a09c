// SPDX-License-Identifier: BSD-3-Clause
//
// Time as ticks of 4 ms in 32 bits: they wrap after 198 days, and nothing may notice.
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

// Instants to start from: the beginning of time, just before signed and unsigned wrap, at it.
static const tick_t starts[] = {
	0, 1, 0x7fffffff, 0x80000000, 0xfffffc17, 0xffffffff, UINT32_MAX - 249,
};

#define N_STARTS (sizeof(starts) / sizeof(starts[0]))

static void
a_tick_is_4_ms(void **state)
{
	(void)state;
	assert_int_equal(tick_from_ns(0), 0);
	assert_int_equal(tick_from_ns(3999999), 0);
	assert_int_equal(tick_from_ns(4000000), 1);
	assert_int_equal(tick_from_ns(NS_PER_SEC), 250);
	assert_int_equal(ticks_from_sec(432000), 108000000);
}

static void
ticks_wrap_after_198_days(void **state)
{
	const uint64_t wrap_ns = (UINT64_C(1) << 32) * 4000000;

	(void)state;
	assert_int_equal(wrap_ns / NS_PER_SEC / 86400, 198);
	assert_int_equal(tick_from_ns(wrap_ns - 1), UINT32_MAX);
	assert_int_equal(tick_from_ns(wrap_ns), 0);
	// The time of day of our century, in nanoseconds, is far beyond that.
	assert_int_equal(tick_from_ns(UINT64_C(1700000000) * NS_PER_SEC + 4000000) -
				 tick_from_ns(UINT64_C(1700000000) * NS_PER_SEC),
			 1);
}

static void
differences_are_signed_at_every_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STARTS; i++) {
		tick_t now = starts[i];

		assert_int_equal(ticks_until(now, now), 0);
		assert_int_equal(ticks_until(now + 1, now), 1);
		assert_int_equal(ticks_until(now - 1, now), -1);
		assert_int_equal(ticks_until(now + 108000000, now), 108000000);
		assert_int_equal(ticks_until(now - 108000000, now), -108000000);
	}
}

static void
a_deadline_is_reached_when_now_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STARTS; i++) {
		tick_t deadline = starts[i];

		assert_false(tick_reached(deadline, deadline - 1));
		assert_true(tick_reached(deadline, deadline));
		assert_true(tick_reached(deadline, deadline + 1));
	}
}

static void
the_longest_timeout_survives_any_start(void **state)
{
	const tick_t longest = ticks_from_sec(TIMEOUT_MAX_SEC);

	(void)state;
	for (size_t i = 0; i < N_STARTS; i++) {
		tick_t now = starts[i];

		assert_false(tick_reached(now + longest, now));
		assert_int_equal(seconds_left(now + longest, now), TIMEOUT_MAX_SEC);
		assert_true(tick_reached(now + longest, now + longest));
		// Noticed as late as this, it has still passed.
		assert_true(tick_reached(now, now + longest));
	}
}

static void
seconds_left_are_rounded_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STARTS; i++) {
		tick_t now = starts[i];

		assert_int_equal(seconds_left(now + 30 * 250, now), 30);
		assert_int_equal(seconds_left(now + 30 * 250 - 1, now), 29);
		assert_int_equal(seconds_left(now + 249, now), 0);
		assert_int_equal(seconds_left(now, now), 0);
		assert_int_equal(seconds_left(now - 1, now), 0);
		assert_int_equal(seconds_left(now - 1000000, now), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tick_is_4_ms),
		cmocka_unit_test(ticks_wrap_after_198_days),
		cmocka_unit_test(differences_are_signed_at_every_start),
		cmocka_unit_test(a_deadline_is_reached_when_now_is_there),
		cmocka_unit_test(the_longest_timeout_survives_any_start),
		cmocka_unit_test(seconds_left_are_rounded_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
