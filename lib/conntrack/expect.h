// SPDX-License-Identifier: BSD-3-Clause
//
// Private to conntrack: connections that a helper foresees.
//
// An expectation names a tuple, of which the source port (and nothing else) may be open, and the
// master connection that announced it. The first packet of an unknown flow that fits begins a
// connection related to the master, and uses the expectation up.
//
// Life cycle: ct_expect_add by a helper, then ct_expect_take by the packet it was made for; or it
// expires; or it goes with its master (ct_expect_forget); or it gives way to a newer one, when
// there are too many. Owner only. No memory is taken after ct_expects_create.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "packet/hash.h"
#include "packet/tuple.h"

struct ct_expects;

#define CT_EXPECTS_MAX 4096 // of one shard

struct ct_expects_config {
	uint32_t n_masters;               // slots of connections
	const struct hash_secret *secret; // kept
	uint64_t *n_given_up;             // counts those that gave way before their time; kept
	int socket;                       // NUMA node
};

// => Returns NULL when memory is short.
struct ct_expects *ct_expects_create(const struct ct_expects_config *config);
void ct_expects_destroy(struct ct_expects *expects); // takes NULL

// Bytes that are reserved for so many masters.
size_t ct_expects_bytes(uint32_t n_masters);

// So many masters may announce more than there is room for: whatever is expected may give way.
bool ct_expects_are_short(const struct ct_expects *expects, uint32_t n_masters);

// How many there are.
uint32_t ct_expects_count(const struct ct_expects *expects);

struct ct_expectation {
	struct tuple tuple;
	uint32_t master;        // slot of the connection that announced it
	tick_t deadline;        // as long from now as that of every other
	uint8_t max_per_master; // the oldest ones of the master beyond this are given up
	bool has_src_field;     // of the tuple; else any will do
	bool is_either_way;     // expected from both sides: one of the two uses both up
	bool is_answered;       // the master is a connection that has been answered
};

// Announces a connection. The same one again replaces the first. Returns false when it is refused:
// it cannot be told from one of another master.
// => When there is no room, one that has expired gives way, or the oldest one whose master has not
//    been answered, or the oldest one.
bool ct_expect_add(struct ct_expects *expects, const struct ct_expectation *wanted, tick_t now);

// The slot of the master that expects this tuple, with the expectation used up; UINT32_MAX when
// nobody does.
uint32_t ct_expect_take(struct ct_expects *expects, const struct tuple *tuple, tick_t now);

// Everything that this master expects is given up.
void ct_expect_forget(struct ct_expects *expects, uint32_t master);
