// SPDX-License-Identifier: BSD-3-Clause
//
// All connections of an engine, in one order that does not depend on bursts or workers.
#pragma once

#include "engine/engine.h"

struct listing {
	struct ct_entry *entries; // owned
	unsigned int n;
};

// The confirmed connections at now, oldest first.
// => When memory runs out, the process prints that on standard error and aborts.
void listing_take(struct listing *listing, const struct engine *engine, tick_t now);
void listing_free(struct listing *listing);
