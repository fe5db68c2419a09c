// SPDX-License-Identifier: BSD-3-Clause
//
// The keys of GRE version 1, which carries PPTP (RFC 2637). Private to conntrack.
//
// A packet of version 1 carries one call id, that of its receiver; the other id of its tuple was
// negotiated on the control connection. The key map finds the calls of this shard by the addresses
// of their control connection and either id. It consists of links between the calls, stored in the
// helpers' state, so it needs no memory of its own and is never full.
//
// Life cycle: ct_gre_map by the helper when a call begins, ct_gre_unmap when it or its control
// connection ends. Owner only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/tuple.h"

struct ct;
struct ct_conn;

#define GRE_BUCKETS 1024

// One call. Packets of a direction carry the id that the other side has chosen.
struct ct_gre_call {
	uint32_t next[DIR_COUNT]; // in a bucket, see struct ct_gre_map
	uint16_t id[DIR_COUNT];   // chosen by the sender of this direction
	bool is_mapped;
};

// A link is 0 at the end of a list, otherwise 1 + 2 * slot of the control connection + direction of
// the packets that are looked up.
struct ct_gre_map {
	uint32_t n; // calls
	uint32_t buckets[GRE_BUCKETS];
};

// Enters a call between the two ends of a control connection into the map, so that the tuples of
// its packets get the other id, too. id is copied. => call is that of the connection's helper and
// not mapped.
void ct_gre_map(struct ct *ct, const struct ct_conn *master, const uint16_t id[DIR_COUNT]);

// Removes a call from the map. => The call is mapped.
void ct_gre_unmap(struct ct *ct, const struct ct_conn *master);

// Sets the source key of a tuple of version 1 to the id that its packet does not carry, 0 if the
// call is unknown.
void ct_gre_complete(const struct ct *ct, struct tuple *tuple);
