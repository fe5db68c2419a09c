// SPDX-License-Identifier: BSD-3-Clause
//
// The result of rules by brute force: a matcher that knows only rules.h and goes through all rules,
// one packet and one rule at a time. Slow, simple, and shares no code with lib/.
#pragma once

#include <stdint.h>

#include "packet/packet.h"
#include "rules/ruleset.h"

// Chains in the order in which packets meet them.
struct brute {
	const struct chain *chains;
	unsigned int n_chains;
	struct rule_counter *counters; // as ruleset_n_counters() says: rules, then policies
	uint64_t n_compared;           // pairs of packet and rule so far
};

// One packet through one chain, with everything that the chain writes: verdict, what decided, what
// rules set, trail and counters.
void brute_judge(struct brute *brute, unsigned int chain, struct pkt *pkt);
