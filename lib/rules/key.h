// SPDX-License-Identifier: BSD-3-Clause
//
// What rte_acl sees of a packet, and the fields it compares (doc/adr/0007-acl-layout.md). Private
// to rules.
//
// rte_acl reads the first byte alone and everything else in groups of four bytes; a group that no
// rule of a context asks about is left out of its tries. A number that a rule compares with a set
// is either a RANGE field, one entry per run of the set, or has a bit of its own in a BITMASK
// field: the entry then demands zeros in all bits outside the set, which takes one entry whatever
// the set is.
#pragma once

#include <stdint.h>

#include <rte_acl.h>
#include <rte_byteorder.h>

#include "packet/packet.h"
#include "rules/match.h"

// Facts that are bits. A packet has exactly one of the three directions.
enum {
	SHAPE_PORTS = MATCH_NEEDS_PORTS,         // the ports were read
	SHAPE_ICMP = MATCH_NEEDS_ICMP,           // ICMP type and code were read
	SHAPE_TCP_FLAGS = MATCH_NEEDS_TCP_FLAGS, // the TCP flags were read
	SHAPE_DIR_SHIFT = 3,
	SHAPE_DIRS = 7 << SHAPE_DIR_SHIFT,
};

struct acl_key {
	union address dst; // IPv4: the first four bytes
	union address src;

	uint8_t proto; // the byte rte_acl reads alone, or as a word of which it takes one byte
	uint8_t unused[3];

	rte_be16_t sport;
	rte_be16_t dport;

	uint8_t in_port;
	uint8_t out_port;
	uint8_t class_bit; // 1 << enum pkt_class
	uint8_t shape;

	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t tcp_flags;
	uint8_t helper;
};

_Static_assert(sizeof(struct acl_key) == 48, "groups of four bytes, without gaps");
_Static_assert(CLASS_COUNT <= 8, "a class is a bit of class_bit");
_Static_assert(DIR_NONE == 2, "a direction is one of three bits of shape");

// The fields of an entry. An address is one field in IPv4 and four in IPv6.
enum key_field {
	KEY_PROTO,
	KEY_SPORT,
	KEY_DPORT,
	KEY_IN_PORT,
	KEY_OUT_PORT,
	KEY_CLASS,
	KEY_SHAPE,
	KEY_ICMP_TYPE,
	KEY_ICMP_CODE,
	KEY_TCP_FLAGS,
	KEY_HELPER,
	KEY_ADDRESSES, // the words of dst, then those of src
	KEY_FIELDS_MAX = KEY_ADDRESSES + 8,
	// what keys of a match become besides
	KEY_DST,    // these words
	KEY_SRC,    // and those
	KEY_DIR,    // bits of KEY_SHAPE
	KEY_FAMILY, // a context of its own
	KEY_LISTED, // nothing: rules with such a key are asked one by one
};

RTE_ACL_RULE_DEF(acl_entry, KEY_FIELDS_MAX);

// The words of 32 bits an address has.
static inline unsigned int
key_address_words(enum family family)
{
	return family == FAMILY_IPV4 ? 1 : 4;
}

// The largest value of a RANGE field.
static inline uint16_t
key_range_max(enum key_field field)
{
	return field == KEY_SPORT || field == KEY_DPORT ? UINT16_MAX : UINT8_MAX;
}

static inline unsigned int
key_n_fields(enum family family)
{
	return KEY_ADDRESSES + 2 * key_address_words(family);
}

// Fills in the fields of a family for rte_acl_build.
void key_config(enum family family, struct rte_acl_config *config);

// Writes what rte_acl sees of a packet. Bytes that mean nothing for this packet are copied as they
// are: an entry that asks about them demands the bit of shape that says they mean something.
static inline void
key_fill(const struct pkt *pkt, struct acl_key *key)
{
	key->proto = pkt->tuple.proto;
	key->dst = pkt->tuple.dst;
	key->src = pkt->tuple.src;
	key->sport = rte_cpu_to_be_16(pkt->tuple.src_field);
	key->dport = rte_cpu_to_be_16(pkt->tuple.dst_field);
	key->in_port = pkt->in_port;
	key->out_port = pkt->out_port;
	key->class_bit = (uint8_t)(1u << pkt->class);
	key->shape = (uint8_t)((pkt->has_ports ? SHAPE_PORTS : 0) |
			       (pkt_has_icmp_type(pkt) ? SHAPE_ICMP : 0) |
			       (pkt_has_tcp_flags(pkt) ? SHAPE_TCP_FLAGS : 0) |
			       1u << (SHAPE_DIR_SHIFT + pkt->dir));
	key->icmp_type = pkt->icmp_type;
	key->icmp_code = pkt->icmp_code;
	key->tcp_flags = pkt->tcp_flags;
	key->helper = pkt->helper;
}
