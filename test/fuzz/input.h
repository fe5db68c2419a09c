// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of an input, read one after the other, and a check for what must hold with any input.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct input {
	const uint8_t *bytes;
	size_t left;
};

// The next byte; zero after the end.
static inline uint8_t
next(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->bytes++;
}

// Aborts, which is a finding, if a condition does not hold.
static inline void
check(bool holds)
{
	if (!holds)
		abort();
}
