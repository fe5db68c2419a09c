// SPDX-License-Identifier: BSD-3-Clause
//
// The keys of a match as a table, made from match_keys.def: what everybody goes by who deals with
// any key. How a key's text becomes its values is config's, by the kind of the key.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"
#include "rules/rules.h"

// What the values of a key are, and so how they lie in a match, how they are written, and when they
// hold for what a packet has. An empty one is any.
enum match_kind {
	MATCH_KIND_PORTS,    // a set of configured ports: one of them
	MATCH_KIND_BITS,     // a set of words: the packet has one of them at least
	MATCH_KIND_HELPER,   // this one
	MATCH_KIND_MARK,     // a value under a mask of 32 bits
	MATCH_KIND_FLAGS,    // the same of 8 bits
	MATCH_KIND_ZONE,     // this one
	MATCH_KIND_PROTOS,   // a list: one of them, as in those that follow
	MATCH_KIND_PREFIXES, // of addresses
	MATCH_KIND_RANGES,   // of numbers of 16 bits
	MATCH_KIND_SPANS,    // of numbers, some of which may have a name
	MATCH_KIND_MACS,     // of MAC addresses, as numbers of 48 bits
	MATCH_KINDS,
};

// How a key varies among the packets of one connection, direction, input port and class: whether
// what rules have said to one of them holds for the next. No row can leave it out: nothing is 0.
enum match_varies {
	MATCH_FIXED = 1,
	MATCH_WHERE_SET, // only a rule's statement changes it
	MATCH_PER_PACKET,
};

enum match_subject { MATCH_OF_PACKET = 1, MATCH_OF_CONNECTION };

// What must have been read for a packet, a bit each.
enum match_needs {
	MATCH_NEEDS_NOTHING = 0,
	MATCH_NEEDS_PORTS = 1 << 0,
	MATCH_NEEDS_ICMP = 1 << 1,
	MATCH_NEEDS_TCP_FLAGS = 1 << 2,
	MATCH_NEEDS_ACCOUNT = 1 << 7, // of the connection; only listed keys do
};

// A word of a key and what it stands for: bits, or a number.
struct match_word {
	const char *text;
	uint32_t value;
};

// What a packet has, to be held against a match.
union match_value {
	uint64_t number; // of MATCH_KIND_BITS a bit for each word that is true of it
	const union address *address;
};

struct match_key {
	const char *name; // in the configuration
	const char *help; // how its entry in sallyport.conf(5) begins
	const struct match_word *words;
	unsigned int n_words;
	const char *what; // its numbers are: "a port"
	uint64_t max;     // the largest of them
	uint16_t offset;  // of its member in struct match
	uint8_t kind;     // enum match_kind
	uint8_t subject;  // enum match_subject
	uint8_t varies;   // enum match_varies
	uint8_t field;    // enum key_field, private to rules
	uint8_t needs;    // enum match_needs

	// Reads the key from a packet, when a rule asks for it. Returns false when the packet has
	// no such thing: then no value holds.
	bool (*read)(const struct pkt *pkt, union match_value *value);
};

enum match_key_number {
#define KEY(member, ...) MATCH_KEY_##member,
#include "rules/match_keys.def"
	MATCH_KEY_COUNT,
};

_Static_assert(MATCH_KEY_COUNT <= 64, "a key is a bit of a set of keys");

extern const struct match_key match_keys[MATCH_KEY_COUNT];

// A list of a match: the member of a key whose kind is one.
struct match_list {
	void *list;
	unsigned int n;
};

// The member of a key in a match.
static inline const void *
match_member(const struct match *match, const struct match_key *key)
{
	return (const uint8_t *)match + key->offset;
}

// The same of a key whose kind is a list.
struct match_list match_list(const struct match *match, const struct match_key *key);

// All keys that the match asks for, 1 << enum match_key_number each.
uint64_t match_keys_of(const struct match *match);

// The first key of a set that is not empty, which is taken out of it.
static inline const struct match_key *
match_keys_next(uint64_t *keys)
{
	const struct match_key *key = &match_keys[__builtin_ctzll(*keys)];

	*keys &= *keys - 1;
	return key;
}
