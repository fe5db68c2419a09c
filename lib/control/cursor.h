// SPDX-License-Identifier: BSD-3-Clause
//
// Where a listing continues: a number that comes with each page and is sent with the question for
// the next. 0 is the beginning, and the end after the last page.
//
// In a list that does not change, it is the number of the next element. For the connections of all
// workers, it is the number of a worker and a slot of its shard. A connection keeps its slot for
// life, so one that exists throughout a listing is listed exactly once, whatever else comes and
// goes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct slot_cursor {
	uint32_t worker;
	uint32_t slot;
};

static inline uint64_t
cursor_from_slot(struct slot_cursor cursor)
{
	return (uint64_t)cursor.worker << 32 | cursor.slot;
}

static inline struct slot_cursor
cursor_to_slot(uint64_t cursor)
{
	return (struct slot_cursor){(uint32_t)(cursor >> 32), (uint32_t)cursor};
}

// Parses a cursor from a question: decimal digits and nothing else. No text is 0.
// => text may be NULL or anything else. Returns false if it is not a cursor.
bool cursor_parse(const char *text, uint64_t *cursor);
