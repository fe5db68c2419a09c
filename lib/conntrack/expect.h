// SPDX-License-Identifier: BSD-3-Clause
//
// Connections that a helper has announced. Private to conntrack.
//
// An expectation names a tuple, of which the source port (and nothing else) may be open, and the
// master connection that announced it. The first packet of an unknown flow that matches begins a
// connection related to the master and consumes the expectation.
//
// Life cycle: a helper calls ct_expect_add, the matching packet ct_expect_take; or it expires; or
// it ends with its master (ct_expect_forget); or it is evicted by a newer one when there are too
// many. Owner only. No memory is taken after ct_expects_create.
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
	uint64_t *n_given_up;             // counts those evicted before they expired; not copied
	int socket;                       // NUMA node
};

// => Returns NULL when memory is short.
struct ct_expects *ct_expects_create(const struct ct_expects_config *config);
void ct_expects_destroy(struct ct_expects *expects); // takes NULL

// Bytes that are reserved for n masters.
size_t ct_expects_bytes(uint32_t n_masters);

// True if so many masters can announce more than there is room for, so that expectations may be
// evicted.
bool ct_expects_are_short(const struct ct_expects *expects, uint32_t n_masters);

// How many there are.
uint32_t ct_expects_count(const struct ct_expects *expects);

struct ct_expectation {
	struct tuple tuple;
	uint32_t master;        // slot of the connection that announced it
	tick_t deadline;        // all expectations have the same lifetime
	uint8_t max_per_master; // beyond this the master's oldest ones are dropped
	bool has_src_field;     // of the tuple; otherwise any
	bool is_either_way;     // expected from both sides: one of the two consumes both
	bool is_answered;       // the master has been answered
};

// Announces a connection. The same one again replaces the first. Returns false if it is refused
// because it conflicts with one of another master.
// => If there is no room, one that has expired is evicted, or the oldest one whose master has not
//    been answered, or the oldest one.
bool ct_expect_add(struct ct_expects *expects, const struct ct_expectation *wanted, tick_t now);

// Consumes the expectation of this tuple and returns the slot of its master, UINT32_MAX if there is
// none.
uint32_t ct_expect_take(struct ct_expects *expects, const struct tuple *tuple, tick_t now);

// Removes all expectations of this master.
void ct_expect_forget(struct ct_expects *expects, uint32_t master);
