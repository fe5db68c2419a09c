// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/plan.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "pipeline/stages.h"

static enum ct_rules_do
what_rules_do(const struct ruleset *ruleset)
{
	return (ruleset_sets_marks(ruleset) ? CT_RULES_SET_MARKS : CT_RULES_ONLY_JUDGE) |
	       (ruleset_sets_helpers(ruleset) ? CT_RULES_SET_HELPERS : CT_RULES_ONLY_JUDGE) |
	       (ruleset_asks_accounts(ruleset) ? CT_RULES_ASK_ACCOUNTS : CT_RULES_ONLY_JUDGE);
}

// The step that does this; all zero: none does.
static struct step
find_step(const struct plan *plan, stage_run run)
{
	for (uint8_t i = 0; i < plan->n_steps; i++) {
		if (plan->steps[i].run == run)
			return plan->steps[i];
	}
	return (struct step){0};
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
	struct step remembered;

	*plan = (struct plan){
		.snapshot = snapshot,
		.rules_do = what_rules_do(ruleset),
	};
	stages_place(plan);
	remembered = find_step(plan, stage_rules);
	plan->counters = rte_zmalloc("rule_counters", counters_size(ruleset_n_counters(ruleset)),
				     RTE_CACHE_LINE_SIZE);
	if (plan->counters != NULL && memos_init(&plan->memos, snapshot, remembered.first_chain,
						 remembered.first_chain + remembered.n_chains))
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
