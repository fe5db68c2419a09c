// SPDX-License-Identifier: BSD-3-Clause
//
// Private to conntrack: connections that a helper foresees.
//
// An expectation names a tuple, of which the source port (and nothing else) may be open, and the
// master connection that announced it. The first packet of an unknown flow that fits begins a
// connection related to the master, and uses the expectation up.
//
// Life cycle: ct_expect_add by a helper, then ct_expect_take by the packet it was made for; or it
// expires; or it goes with its master (ct_expect_forget). Owner only. No memory is taken after
// ct_expects_create.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "packet/tuple.h"

struct ct_expects;

#define CT_EXPECTS_MAX 4096 // of one shard

// => Returns NULL when memory is short.
struct ct_expects *ct_expects_create(int socket);
void ct_expects_destroy(struct ct_expects *expects); // takes NULL

// How many there are.
uint32_t ct_expects_count(const struct ct_expects *expects);

struct ct_expectation {
	struct tuple tuple;
	uint32_t master; // slot of the connection that announced it
	tick_t deadline;
	uint8_t max_per_master; // the oldest ones of the master beyond this are given up
	bool has_src_field;     // of the tuple; else any will do
	bool is_either_way;     // expected from both sides: one of the two uses both up
};

// Announces a connection. The same one again is merely refreshed. Returns false when it is refused:
// it cannot be told from one of another master, or there is no room.
bool ct_expect_add(struct ct_expects *expects, const struct ct_expectation *wanted, tick_t now);

// The slot of the master that expects this tuple, with the expectation used up; UINT32_MAX when
// nobody does.
uint32_t ct_expect_take(struct ct_expects *expects, const struct tuple *tuple, tick_t now);

// Everything that this master expects is given up.
void ct_expect_forget(struct ct_expects *expects, uint32_t master);
