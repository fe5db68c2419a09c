// SPDX-License-Identifier: BSD-3-Clause
//
// Connections that are deleted because somebody asks for it: a walk of the owner over its slots, in
// slices, between bursts.
//
// A connection that is there when the walk begins and lives until it is over is met exactly once.
// One that is made meanwhile may be met.
//
// Life cycle: a struct ct_deletion is plain data; who asks fills in filter, cursor and end, the
// owner calls ct_delete until it returns true.
#pragma once

#include "conntrack/filter.h"

struct ct_deletion {
	struct ct_filter filter;
	uint32_t cursor;    // the slot to look at next
	uint32_t end;       // the first slot not to look at
	uint32_t n_deleted; // so far
};

// Connections for which the filter holds are dying, with what depends on them, and their destroy
// events say CT_END_DELETED. Looks at slots until *budget is used up: a look takes 1 of it, a
// deletion CT_DELETE_COST. None is deleted while events of dead ones wait for their listener.
// => Returns true when all slots have been looked at. Owner only, between bursts.
bool ct_delete(struct ct *ct, struct ct_deletion *deletion, uint64_t now_ns, unsigned int *budget);

#define CT_DELETE_COST 7
