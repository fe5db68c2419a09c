// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of an input, taken one after the other, and what must hold whatever they are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct input {
	const uint8_t *bytes;
	size_t left;
};

// The next byte; zero behind the end.
static inline uint8_t
next(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->bytes++;
}

// Ends the program, which is a finding, when something does not hold.
static inline void
check(bool holds)
{
	if (!holds)
		abort();
}
