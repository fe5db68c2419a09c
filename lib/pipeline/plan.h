// SPDX-License-Identifier: BSD-3-Clause
//
// What one worker goes by: a snapshot, and what the worker has of it for itself alone, which is
// what it does to a burst, counters, and what the rules have said.
//
// Life cycle: plan_init, on any thread, before the worker goes by it; from then on it is the
// worker's, until it goes by another one (pipeline_take) or has ended; then plan_fini.
#pragma once

#include <stdint.h>

#include "conntrack/conntrack.h"
#include "pipeline/memo.h"
#include "pipeline/snapshot.h"

struct burst;
struct pipeline;
struct step;

typedef void (*stage_run)(struct pipeline *pipeline, struct burst *burst, const struct step *step);

// A stage that runs, or the chains behind one.
struct step {
	stage_run run;
	uint8_t cycles;      // the counter of its cycles
	uint8_t first_chain; // of those that it runs
	uint8_t n_chains;
};

#define STEPS_MAX 16

struct plan {
	const struct snapshot *snapshot;
	// [0, pass) are done with a whole burst, [pass, behind) with each pass of it, the others
	// with the whole burst again.
	struct step steps[STEPS_MAX];
	uint8_t pass;
	uint8_t behind;
	uint8_t n_steps;
	unsigned int rules_do;         // to connections, besides judging packets: CT_RULES_...
	bool rejects;                  // some rule does
	struct rule_counter *counters; // of the snapshot's ruleset
	struct memos memos;            // of the chains between conntrack and confirm
};

// How much of EAL's memory plan_init takes for rules with so many counters.
uint64_t plan_bytes_for(unsigned int n_counters);

// => The snapshot must outlive the plan. Returns false when memory is short; then nothing is left.
bool plan_init(struct plan *plan, const struct snapshot *snapshot);
void plan_fini(struct plan *plan); // takes what is all zero
