// SPDX-License-Identifier: BSD-3-Clause
//
// The only clock of a running firewall: wall-clock time at the start, then the TSC, so that it
// never goes back and needs no system call.
#pragma once

#include <stdint.h>

struct live_clock {
	uint64_t epoch_ns; // at the start
	uint64_t epoch_tsc;
	uint64_t ns_per_2_32_cycles;
};

// => EAL initialised.
void live_clock_init(struct live_clock *clock);

// Nanoseconds since the epoch. Any thread.
uint64_t live_clock_ns(const struct live_clock *clock);
