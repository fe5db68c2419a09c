// SPDX-License-Identifier: BSD-3-Clause
//
// Where a listing goes on: a number that is handed out with each page and comes back with the
// question for the next. 0 is the beginning, and after the last page the end.
//
// Lists of things that do not change count the things. The connections of all workers are a list
// of slots: the number of the worker, and the slot in its shard. A connection keeps its slot for
// life, so one that lives through a whole listing is met exactly once, whatever else comes and
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

// Reads what came with a question: decimal digits and nothing else. No text is 0.
// => text may be NULL and anything else. Returns false when it is no cursor.
bool cursor_parse(const char *text, uint64_t *cursor);
