// SPDX-License-Identifier: BSD-3-Clause
//
// Inside of a compiled ruleset: made by compile.c, read by ruleset.c and eval.c. Private to rules.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_acl.h>

#include "rules/match.h"
#include "rules/ruleset.h"

// What is needed of a rule once it is known to match.
struct compiled_rule {
	enum action action;
	bool has_set_zone;
	bool zone_is_vlan;
	bool needs_connection; // looks at one, or sets something about it
	bool needs_account;    // looks at that of one
	bool sets_anything;    // some of what follows
	uint8_t set_helper;
	uint8_t set_window;
	uint8_t reject_with;
	uint16_t set_zone;
	struct masked set_mark;
	unsigned int line;
	char *name; // owned
};

// A rule that is compared with the packet itself.
struct listed_rule {
	uint32_t index;     // within its chain
	uint64_t keys;      // that the match asks for
	struct match match; // owned
};

// The entries of a chain for one family. One context unless rte_acl could not build it; then each
// context has the entries of some rules in a row, and those of an earlier context come first.
struct acl_parts {
	uint32_t n;
	struct rte_acl_ctx **contexts; // owned, with what is in it
};

struct compiled_chain {
	char *name; // owned
	int32_t priority;
	enum action policy;
	uint32_t first; // index of its first rule in the whole ruleset
	uint32_t n_rules;
	uint32_t n_listed;
	struct listed_rule *listed;     // owned; in the order of the rules
	struct acl_parts acl[2];        // by family_index()
	uint32_t first_in_acl;          // the first rule that is there; n_rules: none is
	uint32_t by_class[CLASS_COUNT]; // the first rule that ends it for a class, or n_rules
	uint8_t classes_alike[2];       // classes to whose packets it says the same: of TCP [1]
	// classes of packets, a bit each, that may come to some rule which ...
	uint8_t classes_by_packet[2]; // looks at what varies with every packet: of TCP [1]
	uint8_t classes_by_set;       // looks at what rules set of a connection
	uint8_t classes_set;          // sets the mark or the zone of the packet
	uint8_t classes_reset;        // may answer with a TCP reset
	// where it stands; not asked for by packets
	const char *file; // owned by the configuration
	unsigned int line;
};

struct ruleset {
	uint32_t n_chains;
	uint32_t n_rules;
	struct compiled_chain *chains; // owned
	struct compiled_rule *rules;   // owned; of all chains, in order
	const char **files;            // owned, the names are the configuration's; of the rules
};
