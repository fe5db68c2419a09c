// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers that look random and are the same on every machine and in every run: splitmix64.
#pragma once

#include <stdint.h>

struct random {
	uint64_t state;
};

// A number that looks random, made of another.
static inline uint64_t
random_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

static inline uint64_t
random_next(struct random *random)
{
	random->state += 0x9e3779b97f4a7c15U;
	return random_mix(random->state);
}

// One of 0 .. n - 1.
static inline uint64_t
random_below(struct random *random, uint64_t n)
{
	return random_next(random) % n;
}
