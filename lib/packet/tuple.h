// SPDX-License-Identifier: BSD-3-Clause
//
// The tuple: it identifies one direction of a flow (see doc/glossary.md).
//
// A tuple is plain data, 48 bytes in which padding is zero, so that two tuples are equal exactly
// when their bytes are. The meaning of the two 16-bit fields depends on the protocol:
//
//   TCP, UDP, UDP-Lite, SCTP, DCCP   source port              destination port
//   ICMP, ICMPv6                     identifier               type << 8 | code
//   GRE version 1 (PPTP)             0 or the peer's call id  call id of the packet
//   everything else                  0                        0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

enum family { FAMILY_NONE = 0, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

// IANA's protocol numbers, those that are treated specially here.
enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59, // IPv6: no next header
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
};

// The direction of a packet within its connection: orig is that of the packet that created it.
enum dir { DIR_ORIG = 0, DIR_REPLY = 1, DIR_COUNT = 2, DIR_NONE = 2 };

static inline enum dir
dir_other(enum dir dir)
{
	return dir == DIR_ORIG ? DIR_REPLY : DIR_ORIG;
}

union address {
	uint64_t word[2]; // first, so that {0} clears all of it
	uint8_t v6[16];
	rte_be32_t v4; // the other 12 bytes are zero
};

struct tuple {
	union address src;
	union address dst;
	uint16_t src_field; // host order
	uint16_t dst_field; // host order
	uint16_t zone;
	uint8_t proto;
	uint8_t family; // enum family
	uint8_t zero[8];
};

_Static_assert(sizeof(struct tuple) == 48, "an IPv6 tuple is its own 48-byte key");

static inline bool
tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

// True for the protocols whose two fields are ports.
bool proto_has_ports(uint8_t proto);

// The name that conntrack(8) prints for a protocol: tcp, udp, ..., "unknown" if it has none.
const char *proto_name(uint8_t proto);

// The tuple of the answer: addresses and fields swapped, the type of an ICMP request mapped to that
// of its reply (in Linux: the inverse of the tuple).
// => Returns false, and leaves *reply unchanged, if there is none: an ICMP type that is not a
//    query.
// => orig and reply may be the same object.
bool tuple_invert(const struct tuple *orig, struct tuple *reply);

// True for ICMP in IPv4 and ICMPv6 in IPv6.
static inline bool
tuple_is_icmp(const struct tuple *tuple)
{
	return tuple->proto == (tuple->family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6) &&
	       tuple->family != FAMILY_NONE;
}

// True for an ICMP message that has an answer, or is one.
bool tuple_is_icmp_query(const struct tuple *tuple);

// True when tuple_invert would succeed.
static inline bool
tuple_is_invertible(const struct tuple *tuple)
{
	return !tuple_is_icmp(tuple) || tuple_is_icmp_query(tuple);
}

// True when the tuple of the answer is the same: from an address and port to themselves.
static inline bool
tuple_is_own_answer(const struct tuple *tuple)
{
	// No query of ICMP has its own type as the answer's.
	return tuple->src_field == tuple->dst_field && !tuple_is_icmp(tuple) &&
	       memcmp(&tuple->src, &tuple->dst, sizeof(tuple->src)) == 0;
}

// True for an ICMP message that answers a query.
bool tuple_is_icmp_answer(const struct tuple *tuple);

// Prints an address the way inet_ntop(3) does.
// => text has room for INET6_ADDRSTRLEN bytes; returns text.
const char *address_format(enum family family, const union address *address, char *text);
