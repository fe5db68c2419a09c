// SPDX-License-Identifier: BSD-3-Clause
//
// Text that is put together piece by piece. Private to report.
//
// A listing has millions of pieces, so nothing here is formatted by a format string, and nothing
// looks for the end of the buffer: whoever begins a text has room for the longest that can come
// of it (REPORT_TEXT_SIZE, which the unit tests hold).
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

// The name of a state, which may come from outside: what is too long is cut.
void text_word(struct text *text, const char *word);

void text_number(struct text *text, uint64_t value);

// Without 0x, in lower case.
void text_hex(struct text *text, uint64_t value);

// As inet_ntop(3) prints it, which takes five times as long.
void text_address(struct text *text, enum family family, const union address *address);
