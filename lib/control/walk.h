// SPDX-License-Identifier: BSD-3-Clause
//
// A walk over the connections of all workers, in steps, while their owners go on: slot by slot, so
// that one that lives through the whole walk is met exactly once (cursor.h). Private to control.
//
// A walk is plain data. It begins wherever its cursor says, {0} being the beginning, and holds
// nothing between two steps.
#pragma once

#include <stdbool.h>

#include "control/cursor.h"
#include "engine/engine.h"

struct walk {
	const struct engine *engine;
	enum ct_life life;     // of the connections that are wanted
	struct slot_cursor at; // the next slot to look at
};

bool walk_is_over(const struct walk *walk);

// Goes on to the next such connection and copies it.
// => Each slot that is looked at takes one from *budget. Returns false when that is used up, or
//    the walk is over.
bool walk_next(struct walk *walk, tick_t now, unsigned int *budget, struct ct_entry *entry);
