// SPDX-License-Identifier: BSD-3-Clause
//
// What one worker goes by: a snapshot, and what the worker has of it for itself alone, which is
// where the chains stand, counters, and what the rules have said.
//
// Life cycle: plan_init, on any thread, before the worker goes by it; from then on it is the
// worker's, until it goes by another one (pipeline_take) or has ended; then plan_fini.
#pragma once

#include <stdbool.h>

#include "conntrack/conntrack.h"
#include "pipeline/memo.h"
#include "pipeline/snapshot.h"

struct plan {
	const struct snapshot *snapshot;
	// chains by where they stand: [0, early) before fragments are put together, [early,
	// stateless) before conntrack, [stateless, late) between conntrack and confirm, [late,
	// n_chains) behind confirm
	unsigned int early;
	unsigned int stateless;
	unsigned int late;
	unsigned int n_chains;
	enum ct_rules_do rules_do;     // to connections, besides judging packets
	bool tracks;                   // conntrack takes part: always, or since a rule needs it
	struct rule_counter *counters; // of the snapshot's ruleset
	struct memos memos;            // of the chains between conntrack and confirm
};

// How much of EAL's memory plan_init takes for rules with so many counters.
uint64_t plan_bytes_for(unsigned int n_counters);

// => The snapshot must outlive the plan. Returns false when memory is short; then nothing is left.
bool plan_init(struct plan *plan, const struct snapshot *snapshot);
void plan_fini(struct plan *plan); // takes what is all zero
