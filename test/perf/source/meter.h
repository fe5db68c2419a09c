// SPDX-License-Identifier: BSD-3-Clause
//
// How long packets are in the program under test. Source and sink write into a file that whoever
// measures maps too, so to ask costs the program nothing; who asks twice has what came between.
//
// The file is this structure, words of 64 bits in the machine's order. Packets are received and
// sent by a single thread.
#pragma once

#include <stdint.h>

#define METER_LINEAR  64 // times below are exact; above 32 buckets for each power of two
#define METER_BUCKETS 1920

struct meter {
	uint64_t n_buckets;
	uint64_t rate;                      // packets per second, by whoever measures; 0: no clock
	uint64_t n_lost;                    // came at that rate and found the ring full
	uint64_t longest_ns[METER_BUCKETS]; // the longest time that each bucket counts
	uint64_t counts[METER_BUCKETS];     // packets that have left
};

// The bucket of a time in cycles.
static inline unsigned int
meter_bucket(uint64_t cycles)
{
	unsigned int shift = 0;

	if (cycles >= METER_LINEAR)
		shift = 63U - 5U - (unsigned int)__builtin_clzll(cycles);
	return shift * (METER_LINEAR / 2) + (unsigned int)(cycles >> shift);
}

// The longest time in a bucket, in cycles.
uint64_t meter_longest(unsigned int bucket);

// Creates the file and maps it, for good.
// => Returns NULL when it cannot, and has told so on standard error. hz is the TSC's.
struct meter *meter_create(const char *path, uint64_t hz);

// The program may be asked at any time, so what it writes is written whole.
static inline void
meter_count(struct meter *meter, uint64_t cycles)
{
	uint64_t *count = &meter->counts[meter_bucket(cycles)];

	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
}
