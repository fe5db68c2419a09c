// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that come by the clock, whatever becomes of them: at a rate, evenly, into a ring as a NIC
// has one. Those that find it full are lost, as they are there.
//
// Life cycle: zeroed, then pace_take at each look for packets. One thread.
#pragma once

#include <stdint.h>

#define PACE_RING 1024 // packets that wait at most

struct pace {
	uint64_t rate;  // packets per second, last time; 0: none come
	uint64_t begin; // since when, as TSC
	double next;    // when the next one comes, in cycles since then
	double interval;
	uint64_t head; // the packet that has waited longest is due[head % PACE_RING]
	uint64_t tail; // and the next that comes will be at tail
	uint64_t n_lost;
	uint64_t due[PACE_RING];
};

// Writes when each of the packets came that have waited longest, as TSC, and takes them. With
// another rate than last time those that wait are gone, and the first one comes now.
// => Returns how many: max at most. hz is the TSC's; now never runs backwards.
unsigned int pace_take(struct pace *pace, uint64_t rate, uint64_t now, uint64_t hz, uint64_t due[],
		       unsigned int max);
