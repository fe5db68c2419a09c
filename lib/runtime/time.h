// SPDX-License-Identifier: BSD-3-Clause
//
// The one clock of a running firewall: wall-clock time at the start, and the TSC from there on, so
// that it never goes back and costs no system call.
#pragma once

#include <stdint.h>

struct live_clock {
	uint64_t epoch_ns; // when it was started
	uint64_t epoch_tsc;
	uint64_t ns_per_2_32_cycles;
};

// => EAL initialised.
void live_clock_init(struct live_clock *clock);

// Nanoseconds since the epoch. Any thread.
uint64_t live_clock_ns(const struct live_clock *clock);
