// SPDX-License-Identifier: BSD-3-Clause
//
// A walk over the connections of all workers, in steps, while their owners continue: slot by slot,
// so that a connection that exists throughout the walk is visited exactly once (cursor.h). Private
// to control.
//
// A walk is plain data. It begins at its cursor, {0} being the beginning, and holds no resources
// between two steps.
#pragma once

#include <stdbool.h>

#include "control/cursor.h"
#include "engine/engine.h"

struct walk {
	const struct engine *engine;
	enum ct_life life;     // of the wanted connections
	struct slot_cursor at; // the next slot to look at
};

bool walk_is_over(const struct walk *walk);

// Advances to the next such connection and copies it.
// => Each slot that is looked at decrements *budget. Returns false when that reaches 0 or the walk
//    is over.
bool walk_next(struct walk *walk, tick_t now, unsigned int *budget, struct ct_entry *entry);
