// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/plan.h"

#include <rte_malloc.h>

static void
place_chains(struct plan *plan)
{
	const struct ruleset *ruleset = plan->snapshot->ruleset;

	plan->n_chains = ruleset_n_chains(ruleset);
	for (unsigned int i = 0; i < plan->n_chains; i++) {
		int32_t priority = ruleset_chain_priority(ruleset, i);

		plan->early += priority < PRIORITY_DEFRAG;
		plan->stateless += priority < PRIORITY_CONNTRACK;
		plan->late += priority < PRIORITY_CONFIRM;
	}
}

static enum ct_rules_do
what_rules_do(const struct ruleset *ruleset)
{
	return (ruleset_sets_marks(ruleset) ? CT_RULES_SET_MARKS : CT_RULES_ONLY_JUDGE) |
	       (ruleset_sets_helpers(ruleset) ? CT_RULES_SET_HELPERS : CT_RULES_ONLY_JUDGE);
}

bool
plan_init(struct plan *plan, const struct snapshot *snapshot)
{
	const struct ruleset *ruleset = snapshot->ruleset;

	*plan = (struct plan){
		.snapshot = snapshot,
		.rules_do = what_rules_do(ruleset),
		.tracks = snapshot_tracks(snapshot),
	};
	place_chains(plan);
	plan->counters = rte_zmalloc("rule_counters",
				     (ruleset_n_counters(ruleset) + 1) * sizeof(*plan->counters),
				     RTE_CACHE_LINE_SIZE);
	if (plan->counters != NULL &&
	    memos_init(&plan->memos, snapshot, plan->stateless, plan->late))
		return true;
	plan_fini(plan);
	return false;
}

void
plan_fini(struct plan *plan)
{
	memos_fini(&plan->memos);
	rte_free(plan->counters);
	*plan = (struct plan){0};
}
