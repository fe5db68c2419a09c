// SPDX-License-Identifier: BSD-3-Clause
//
// The path as a list, for people: what pipeline_run does, with priorities.
#include "pipeline/pipeline.h"

// A chain with the priority of a built-in stage runs behind it.
static const struct stage builtin[] = {
	{"parse", "builtin", INT32_MIN, 0},
	{"steer", "builtin", INT32_MIN, 0},
	{"defrag", "builtin", PRIORITY_DEFRAG, 0},
	{"conntrack", "builtin", PRIORITY_CONNTRACK, 0},
	{"confirm", "builtin", PRIORITY_CONFIRM, 0},
	{"forward", "builtin", INT32_MAX, 0},
};

// Stages that do nothing while connections are not tracked.
static bool
needs_tracking(const struct stage *stage)
{
	return stage->priority == PRIORITY_CONNTRACK ||
	       (stage->priority == PRIORITY_CONFIRM && stage != &builtin[RTE_DIM(builtin) - 1]);
}

unsigned int
pipeline_stages(const struct snapshot *snapshot, struct stage stages[STAGES_MAX])
{
	const unsigned int n_builtin = RTE_DIM(builtin);
	unsigned int n_chains = ruleset_n_chains(snapshot->ruleset);
	unsigned int next = 0, chain = 0, n = 0;

	while (next < n_builtin || chain < n_chains) {
		bool is_last = next == n_builtin - 1;

		if (chain < n_chains &&
		    (is_last ||
		     ruleset_chain_priority(snapshot->ruleset, chain) < builtin[next].priority)) {
			stages[n++] = (struct stage){
				.name = ruleset_chain_name(snapshot->ruleset, chain),
				.kind = "chain",
				.priority = ruleset_chain_priority(snapshot->ruleset, chain),
				.chain = chain,
			};
			chain++;
		} else {
			stages[n] = builtin[next];
			if (needs_tracking(&builtin[next]) && !snapshot_tracks(snapshot))
				stages[n].kind = "idle";
			next++;
			n++;
		}
	}
	return n;
}
