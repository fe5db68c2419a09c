// SPDX-License-Identifier: BSD-3-Clause
//
// The match of one rule against one packet, for the rules rte_acl cannot judge; copies of matches.
// Private to rules.
#pragma once

#include <stdbool.h>

#include "packet/packet.h"
#include "rules/match_key.h"

// True when every key of the match holds for the packet.
// => keys is match_keys_of(match).
bool match_holds(const struct match *match, uint64_t keys, const struct pkt *pkt);

// Copies a match with its arrays.
// => Returns false when memory runs out; to is then safe for match_fini.
bool match_copy(const struct match *from, struct match *to);

// Frees the arrays; the match itself is the caller's.
void match_fini(struct match *match);

// The VLAN id of the outermost tag, or this.
#define PKT_VLAN_NONE 4096
uint16_t pkt_vlan(const struct pkt *pkt);

// The place of a family in arrays of two, and its bit in match.families.
static inline unsigned int
family_index(uint8_t family)
{
	return family == FAMILY_IPV6;
}

// The type and code of the packet were read: it is ICMP of its own family, and long enough.
static inline bool
pkt_has_icmp_type(const struct pkt *pkt)
{
	return pkt->has_tuple &&
	       pkt->tuple.proto == (pkt->family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6);
}

static inline bool
pkt_has_tcp_flags(const struct pkt *pkt)
{
	return pkt->has_ports && pkt->tuple.proto == PROTO_TCP;
}
