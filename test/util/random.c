// SPDX-License-Identifier: BSD-3-Clause
#include "util/random.h"

#include <stdlib.h>

static uint64_t state;

uint64_t
random_seed(void)
{
	const char *text = getenv("SALLYPORT_TEST_SEED");

	return text == NULL ? 1 : strtoull(text, NULL, 0);
}

void
random_start(uint64_t seed, unsigned int part)
{
	state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) + part;
	if (state == 0) // xorshift would stay there
		state = 1;
}

// xorshift64*
uint64_t
random_bits(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t
random_below(uint32_t n)
{
	return (uint32_t)((random_bits() >> 32) % n);
}

bool
random_chance(unsigned int percent)
{
	return random_below(100) < percent;
}

uint64_t
random_few_bits(void)
{
	uint64_t bits = random_bits();

	return bits & random_bits();
}
