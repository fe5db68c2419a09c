// SPDX-License-Identifier: BSD-3-Clause
//
// Rules as plain data, what the configuration fills and what ruleset_compile reads.
//
// A chain is a list of rules at a priority. A rule has a match, statements that do not end the
// evaluation, an action that does, or both. The first rule with an action whose match holds ends
// its chain; when none does, the policy of the chain is the answer. Drop and reject are final;
// accept and notrack end this chain only, and the next one is asked.
//
// This module knows neither libconfig nor connections: it reads struct pkt and writes its verdict.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// Where the built-in stages stand; chains have their priorities relative to these.
#define PRIORITY_DEFRAG    (-400)
#define PRIORITY_CONNTRACK (-200)
#define PRIORITY_CONFIRM   INT32_MAX

#define RULES_MAX  65534 // in all chains together
#define CHAINS_MAX 64
#define PORTS_MAX  32 // configured ports; a set of ports is a bit mask

enum action { ACTION_NONE, ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT, ACTION_NOTRACK };

// Addresses that share their first len bits.
struct prefix {
	uint8_t family; // enum family
	uint8_t len;
	union address address; // bits behind len are zero
};

// An inclusive range of ports, ICMP types or the like, host order.
struct range {
	uint16_t low;
	uint16_t high;
};

// An inclusive range of what 16 bits are too few for.
struct span {
	uint64_t low;
	uint64_t high;
};

// A value to be compared or set under a mask; its bits outside the mask mean nothing.
struct masked {
	uint32_t value;
	uint32_t mask; // 0: the key is absent
};

// How the values of a key lie in a match, by its kind (rules/match_key.h): the member that has its
// name comes first.
#define MATCH_LIST(type, member)                                                                   \
	struct {                                                                                   \
		type *member; /* owned by the rule */                                              \
		unsigned int n_##member;                                                           \
	};
#define MATCH_PORTS(member)    uint32_t member; /* bit per port */
#define MATCH_BITS(member)     uint8_t member;  /* bit per word of the key */
#define MATCH_HELPER(member)   uint8_t member;  /* 0: any */
#define MATCH_MARK(member)     struct masked member;
#define MATCH_PROTOS(member)   MATCH_LIST(uint8_t, member)
#define MATCH_PREFIXES(member) MATCH_LIST(struct prefix, member)
#define MATCH_RANGES(member)   MATCH_LIST(struct range, member)
#define MATCH_SPANS(member)    MATCH_LIST(struct span, member)
#define MATCH_MACS(member)     MATCH_LIST(struct span, member)
#define MATCH_FLAGS(member)                                                                        \
	struct {                                                                                   \
		uint8_t member; /* value */                                                        \
		uint8_t member##_mask;                                                             \
	};
#define MATCH_ZONE(member)                                                                         \
	struct {                                                                                   \
		uint16_t member;                                                                   \
		bool has_##member;                                                                 \
	};

// What a packet must be for the rule to match: a member for each key of rules/match_keys.def. A
// list with no element, a mask of 0: any.
//
// A key about something that was not read holds for no packet: ports need pkt.has_ports, TCP flags
// the ports of TCP, the ICMP type and code a complete tuple of the family's own ICMP. Addresses of
// one family hold for no packet of the other.
struct match {
#define KEY(member, kind, ...) MATCH_##kind(member)
#include "rules/match_keys.def"
};

struct rule {
	char *name;        // owned
	const char *file;  // of the configuration, owned by that one; NULL: unknown
	unsigned int line; // in that file, 0: unknown
	struct match match;
	bool has_set_zone;
	bool zone_is_vlan; // to that of the VLAN, 0 without a tag, and not to set_zone
	uint16_t set_zone;
	struct masked set_mark; // mark = (mark & ~mask) | (value & mask)
	uint8_t set_helper;     // 0: none
	uint8_t set_window;     // enum ct_window plus one, 0: none
	char *log;              // owned; NULL: none. Not written yet, see ruleset.h
	enum action action;
	uint8_t reject_with; // number in rules/reject.h, of a rule that rejects
};

// True when the rule has a statement that sets something. Whatever is in struct rule and has no
// other meaning is one.
bool rule_sets_anything(const struct rule *rule);

struct chain {
	char *name; // owned
	int32_t priority;
	enum action policy; // ACTION_ACCEPT or ACTION_DROP
	const char *file;   // as for a rule
	unsigned int line;
	unsigned int n_rules;
	struct rule *rules; // owned
};

// Frees everything a chain owns; the chain itself is the caller's.
void chain_fini(struct chain *chain);

// Writes the fewest prefixes that together are exactly the addresses low..high of one family.
// => prefixes has room for 254 elements; returns how many were written, 0 when low > high.
unsigned int prefixes_from_range(enum family family, const union address *low,
				 const union address *high, struct prefix prefixes[254]);
