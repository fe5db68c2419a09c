// SPDX-License-Identifier: BSD-3-Clause
//
// Private to conntrack: the keys of GRE version 1, which is what PPTP tunnels in (RFC 2637).
//
// A packet of version 1 carries one call id, that of its receiver; the other one of its tuple was
// agreed upon on the control connection. The key map knows the calls of this shard by the
// addresses of their control connection and either id. It is made of links between the calls,
// which lie in what the helper remembers, so it needs no memory of its own and is never full.
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

// One call. Packets of a direction carry the id that the other side has given.
struct ct_gre_call {
	uint32_t next[DIR_COUNT]; // in a bucket, see struct ct_gre_map
	uint16_t id[DIR_COUNT];   // given by the sender of this direction
	bool is_mapped;
};

// A link is 0 at the end of a list, else one more than the slot of the control connection, doubled,
// plus the direction of the packets that are looked for.
struct ct_gre_map {
	uint32_t n; // calls
	uint32_t buckets[GRE_BUCKETS];
};

// Packets of the call between the two ends of a control connection have the other id, too. id is
// copied. => call is that of the connection's helper and not mapped.
void ct_gre_map(struct ct *ct, const struct ct_conn *master, const uint16_t id[DIR_COUNT]);

// They are packets of no known call again. => The call is mapped.
void ct_gre_unmap(struct ct *ct, const struct ct_conn *master);

// The source key of a tuple of version 1 is the id that its packet does not carry, 0 when it is
// of no known call.
void ct_gre_complete(const struct ct *ct, struct tuple *tuple);
