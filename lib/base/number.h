// SPDX-License-Identifier: BSD-3-Clause
//
// Whole numbers as users write them: decimal, or hexadecimal behind 0x. No sign, no blanks; zeros
// in front mean nothing, but no number has more digits than the largest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_DIGITS_MAX 20 // of UINT64_MAX

// The number that text begins with. Returns what follows it.
// => NULL: text begins with none, or it is above max. *number has not changed then.
const char *number_parse_leading(const char *text, uint64_t max, uint64_t *number);

// The number that text is.
// => Returns false when text is none, or it is above max. *number has not changed then.
bool number_parse(const char *text, uint64_t max, uint64_t *number);
