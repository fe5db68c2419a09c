// SPDX-License-Identifier: BSD-3-Clause
//
// Time as a value. Nothing in lib/ below runtime and replay reads a clock: the caller passes the
// time in, so that a five-day timeout can be tested in a millisecond.
//
// There are two units. Nanoseconds (uint64_t, names end in _ns) are measured and printed. Ticks
// (tick_t) are stored in connections: 4 ms each, the timer of the kernel that we reproduce
// (HZ=250), in 32 bits so that a deadline takes four bytes. Ticks wrap after 198 days and are
// compared by signed difference, so no timeout may reach 99 days (TIMEOUT_MAX_SEC).
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t tick_t;

#define NS_PER_SEC      UINT64_C(1000000000)
#define NS_PER_USEC     UINT64_C(1000)
#define TICKS_PER_SEC   UINT32_C(250)
#define NS_PER_TICK     (NS_PER_SEC / TICKS_PER_SEC)
#define TIMEOUT_MAX_SEC UINT32_C(8000000) // about 92 days, safely inside half the range of tick_t

static inline tick_t
tick_from_ns(uint64_t now_ns)
{
	return (tick_t)(now_ns / NS_PER_TICK);
}

static inline tick_t
ticks_from_sec(uint32_t sec)
{
	return sec * TICKS_PER_SEC;
}

// Ticks from now until then; negative when then has passed.
static inline int32_t
ticks_until(tick_t then, tick_t now)
{
	return (int32_t)(then - now);
}

// True once now has reached the deadline.
static inline bool
tick_reached(tick_t deadline, tick_t now)
{
	return ticks_until(deadline, now) <= 0;
}

// Whole seconds from now until the deadline, rounded down; 0 when it has passed.
static inline uint32_t
seconds_left(tick_t deadline, tick_t now)
{
	int32_t ticks = ticks_until(deadline, now);

	return ticks > 0 ? (uint32_t)ticks / TICKS_PER_SEC : 0;
}
