// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/plan.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "pipeline/stages.h"

// What the chains from the first on may do to connections.
static unsigned int
what_rules_do(const struct ruleset *ruleset, unsigned int first)
{
	unsigned int deeds = CT_RULES_ONLY_JUDGE;

	if (ruleset_sets_marks(ruleset))
		deeds |= CT_RULES_SET_MARKS;
	if (ruleset_sets_helpers(ruleset))
		deeds |= CT_RULES_SET_HELPERS;
	if (ruleset_asks_accounts(ruleset))
		deeds |= CT_RULES_ASK_ACCOUNTS;
	for (unsigned int chain = first; chain < ruleset_n_chains(ruleset); chain++) {
		for (int class = CLASS_NONE; class < CLASS_COUNT; class ++) {
			if ((ruleset_classes_reset(ruleset, chain) >> class & 1) != 0)
				deeds |= CT_RULES_RESET(class);
		}
	}
	return deeds;
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
	};
	stages_place(plan);
	remembered = find_step(plan, stage_rules);
	plan->rules_do = what_rules_do(ruleset, remembered.first_chain);
	for (unsigned int i = 0; i < ruleset_n_rules(ruleset); i++)
		plan->rejects |= ruleset_rule_action(ruleset, i) == ACTION_REJECT;
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
