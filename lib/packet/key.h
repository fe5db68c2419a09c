// SPDX-License-Identifier: BSD-3-Clause
//
// The key of a flow: the same for both of its tuples, so that one entry of the table finds packets
// of both directions.
//
// Of the two tuples of a flow one is called upright and the other turned: for ICMP a query is
// upright and its answer turned; otherwise the upright tuple is the one in which the end with the
// smaller address, or port, comes first. The key is the upright tuple, packed:
//
//   IPv4   word[0]   first address and field   | zone << 48
//          word[1]   second address and field  | proto << 48 | family << 56
//   IPv6   word[0]   first field | second field << 16 | zone << 32
//          word[1]   fold of the addresses     | proto << 48 | family << 56
//          ends      the two addresses
//
// The two words identify an IPv4 flow, and nearly always an IPv6 flow, too.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/tuple.h"

#define KEY_WORDS      2
#define KEY_BLOCKS_MAX 3 // blocks of 16 bytes

struct flow_key {
	uint64_t word[KEY_WORDS];
	union address ends[2]; // of IPv6; IPv4: not written
};

_Static_assert(sizeof(struct flow_key) == (size_t)KEY_BLOCKS_MAX * 16, "a key is whole blocks");

static inline enum family
key_family(const uint64_t word[KEY_WORDS])
{
	return (enum family)(word[1] >> 56);
}

static inline uint8_t
key_proto(const uint64_t word[KEY_WORDS])
{
	return (uint8_t)(word[1] >> 48);
}

// Number of 16-byte blocks that the key occupies.
static inline unsigned int
key_n_blocks(const struct flow_key *key)
{
	return key_family(key->word) == FAMILY_IPV4 ? 1 : KEY_BLOCKS_MAX;
}

static inline bool
key_equal_ends(const union address a[2], const union address b[2])
{
	return ((a[0].word[0] ^ b[0].word[0]) | (a[0].word[1] ^ b[0].word[1]) |
		(a[1].word[0] ^ b[1].word[0]) | (a[1].word[1] ^ b[1].word[1])) == 0;
}

static inline uint64_t
key_kind(uint8_t proto, enum family family)
{
	return (uint64_t)proto << 48 | (uint64_t)family << 56;
}

// The key, in zone 0, of a tuple of IPv4 that is no ICMP: each end is its address << 16 | field.
// Returns true if it is the turned one.
static inline bool
key_pack_ipv4(uint64_t src, uint64_t dst, uint8_t proto, struct flow_key *key)
{
	key->word[0] = src < dst ? src : dst;
	key->word[1] = (src < dst ? dst : src) | key_kind(proto, FAMILY_IPV4);
	return dst < src;
}

static inline uint64_t
key_fold(const union address ends[2])
{
	uint64_t sum = ends[0].word[1] * UINT64_C(0x9e3779b97f4a7c15) + ends[0].word[0];

	sum = sum * UINT64_C(0x9e3779b97f4a7c15) + ends[1].word[1];
	return (sum * UINT64_C(0x9e3779b97f4a7c15) + ends[1].word[0]) >> 16;
}

// The same of IPv6. ends: source and destination; fields: that of the source << 16 | the other.
// Ends are in the order of their words in memory: any order will do.
static inline bool
key_pack_ipv6(const union address ends[2], uint32_t fields, uint8_t proto, struct flow_key *key)
{
	const uint64_t *src = ends[0].word, *dst = ends[1].word;
	const uint16_t src_field = (uint16_t)(fields >> 16), dst_field = (uint16_t)fields;
	bool is_turned = src_field > dst_field;

	if (src[0] != dst[0])
		is_turned = src[0] > dst[0];
	else if (src[1] != dst[1])
		is_turned = src[1] > dst[1];
	key->ends[0] = ends[is_turned];
	key->ends[1] = ends[!is_turned];
	key->word[0] = is_turned ? dst_field | (uint64_t)src_field << 16
				 : src_field | (uint64_t)dst_field << 16;
	key->word[1] = key_fold(key->ends) | key_kind(proto, FAMILY_IPV6);
	return is_turned;
}

// The key of a tuple whose protocol is ICMP or whose family is IPv6: see key_from_tuple.
bool key_from_any_tuple(const struct tuple *tuple, struct flow_key *key);

// Computes the key of a tuple. Returns true if the tuple is the turned one of the two.
// => A tuple that is its own inverse (from an address and port to themselves) is upright.
static inline bool
key_from_tuple(const struct tuple *tuple, struct flow_key *key)
{
	bool is_turned;

	if (tuple->family != FAMILY_IPV4 || tuple->proto == PROTO_ICMP)
		return key_from_any_tuple(tuple, key);
	is_turned =
		key_pack_ipv4((uint64_t)tuple->src.v4 << 16 | tuple->src_field,
			      (uint64_t)tuple->dst.v4 << 16 | tuple->dst_field, tuple->proto, key);
	key->word[0] |= (uint64_t)tuple->zone << 48;
	return is_turned;
}

// The tuple from which a key was computed. ends is not used for IPv4.
void key_to_tuple(const uint64_t word[KEY_WORDS], const union address ends[2], bool is_turned,
		  struct tuple *tuple);
