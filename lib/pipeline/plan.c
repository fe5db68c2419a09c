// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/plan.h"

#include <rte_malloc.h>

#include "base/bytes.h"

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
	       (ruleset_sets_helpers(ruleset) ? CT_RULES_SET_HELPERS : CT_RULES_ONLY_JUDGE) |
	       (ruleset_asks_accounts(ruleset) ? CT_RULES_ASK_ACCOUNTS : CT_RULES_ONLY_JUDGE);
}

// One counter more than there are, so that none at all is no special case.
static size_t
counters_size(unsigned int n_counters)
{
	return (n_counters + 1) * sizeof(struct rule_counter);
}

uint64_t
plan_bytes_for(unsigned int n_counters)
{
	return bytes_of_object(counters_size(n_counters)) + memos_bytes();
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
	plan->counters = rte_zmalloc("rule_counters", counters_size(ruleset_n_counters(ruleset)),
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
