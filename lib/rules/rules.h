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

// A value to be compared or set under a mask; its bits outside the mask mean nothing.
struct masked {
	uint32_t value;
	uint32_t mask; // 0: the key is absent
};

// What a packet must be for the rule to match. A list with no element, a mask of 0: any.
//
// A key about something that was not read holds for no packet: ports need pkt.has_ports, TCP flags
// the ports of TCP, the ICMP type and code a complete tuple of the family's own ICMP. Addresses of
// one family hold for no packet of the other.
struct match {
	uint32_t in_ports;  // bit per port
	uint32_t out_ports; // bit per port
	uint8_t families;   // bit 0: IPv4, bit 1: IPv6
	uint8_t classes;    // bit per enum pkt_class
	uint8_t dirs;       // bit per enum dir
	uint8_t helper;     // 0: any
	uint8_t tcp_flags;  // value
	uint8_t tcp_flags_mask;
	bool has_zone;
	uint16_t zone;
	struct masked mark;
	unsigned int n_protos, n_src, n_dst, n_sport, n_dport, n_icmp_type, n_icmp_code;
	uint8_t *protos; // these arrays are owned by the rule
	struct prefix *src;
	struct prefix *dst;
	struct range *sport;
	struct range *dport;
	struct range *icmp_type;
	struct range *icmp_code;
};

struct rule {
	char *name;        // owned
	const char *file;  // of the configuration, owned by that one; NULL: unknown
	unsigned int line; // in that file, 0: unknown
	struct match match;
	bool has_set_zone;
	uint16_t set_zone;
	struct masked set_mark; // mark = (mark & ~mask) | (value & mask)
	uint8_t set_helper;     // 0: none
	uint8_t set_window;     // enum ct_window plus one, 0: none
	char *log;              // owned; NULL: none. Not written yet, see ruleset.h
	enum action action;
};

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
