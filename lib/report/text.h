// SPDX-License-Identifier: BSD-3-Clause
//
// Text that is built piece by piece. Private to report.
//
// A listing has millions of pieces, so there are no format strings here and no checks for the end
// of the buffer: the caller provides room for the longest possible text (REPORT_TEXT_SIZE; the unit
// tests check that).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "packet/tuple.h"

struct text {
	char *end; // where the next piece goes
};

static inline void
text_string(struct text *text, const char *string)
{
	size_t len = strlen(string);

	memcpy(text->end, string, len);
	text->end += len;
}

// The name of a state, which may come from outside; it is truncated if too long.
void text_word(struct text *text, const char *word);

void text_number(struct text *text, uint64_t value);

// Without 0x, in lower case.
void text_hex(struct text *text, uint64_t value);

// As inet_ntop(3) prints it, in a fifth of the time.
void text_address(struct text *text, enum family family, const union address *address);
