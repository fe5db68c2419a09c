// SPDX-License-Identifier: BSD-3-Clause
//
// A burst judged by one chain.
//
// A packet's class may have a rule that ends the chain for it. rte_acl answers for all packets of a
// family at once, unless that rule is in front of all that it knows: the first rule that ends the
// chain, among the rules it knows. Then each packet is compared with the listed rules in front of
// that answer, in order; they apply their statements, and one that has an action and matches comes
// before the answer. That is what going through all rules one by one would do, because no statement
// can change what rte_acl looked at.
#include "rules/ruleset.h"

#include <rte_branch_prediction.h>
#include <rte_debug.h>

#include "base/contract.h"
#include "rules/compiled.h"
#include "rules/key.h"

// The verdict of a rule's action. Pending: the next chain is asked.
static const uint8_t action_verdicts[] = {
	[ACTION_NONE] = VERDICT_PENDING,    [ACTION_ACCEPT] = VERDICT_PENDING,
	[ACTION_DROP] = VERDICT_DROP,       [ACTION_REJECT] = VERDICT_REJECT,
	[ACTION_NOTRACK] = VERDICT_PENDING,
};

// The packets of one family that have no answer yet, and what rte_acl sees of them.
struct classification {
	uint16_t n;
	uint16_t slots[BURST_MAX]; // the packet's place in the burst
	const uint8_t *data[BURST_MAX];
	struct acl_key keys[BURST_MAX];
};

static void
gather_family(struct classification *open, enum family family, uint32_t first_in_acl,
	      struct pkt *pkts[], uint16_t n_pkts, const uint32_t first[])
{
	open->n = 0;
	for (uint16_t i = 0; i < n_pkts; i++) {
		if (pkts[i]->family != family || first[i] < first_in_acl)
			continue;
		key_fill(pkts[i], &open->keys[open->n]);
		open->data[open->n] = (const uint8_t *)&open->keys[open->n];
		open->slots[open->n] = i;
		open->n++;
	}
}

// Asks one context; the packets it has no answer for stay open.
static void
classify(struct classification *open, const struct rte_acl_ctx *acl, uint32_t first[])
{
	uint32_t results[BURST_MAX];
	uint16_t n = 0;

	rte_acl_classify(acl, open->data, results, open->n, 1);
	for (uint16_t i = 0; i < open->n; i++) {
		if (results[i] != 0) {
			uint32_t *best = &first[open->slots[i]];

			*best = RTE_MIN(*best, results[i] - 1);
			continue;
		}
		open->data[n] = open->data[i];
		open->slots[n] = open->slots[i];
		n++;
	}
	open->n = n;
}

// Finds for every packet of one family the first rule among those that rte_acl knows, by its index
// within the chain, if it comes before first[i].
static void
classify_family(const struct compiled_chain *chain, enum family family, struct pkt *pkts[],
		uint16_t n_pkts, uint32_t first[])
{
	const struct acl_parts *parts = &chain->acl[family_index(family)];
	struct classification open;

	if (parts->n == 0)
		return;
	gather_family(&open, family, chain->first_in_acl, pkts, n_pkts, first);
	for (uint32_t i = 0; i < parts->n && open.n > 0; i++)
		classify(&open, parts->contexts[i], first);
}

static void
count(struct rule_counter counters[], uint32_t number, struct pkt *pkt)
{
	counters[number].packets++;
	counters[number].bytes += pkt->l3_len;
	if (pkt->n_trail < TRAIL_MAX)
		pkt->trail[pkt->n_trail++] = number;
	else
		pkt->n_trail = TRAIL_MAX + 1;
}

// A tag that is for a priority only names no VLAN.
static uint16_t
zone_of_vlan(const struct pkt *pkt)
{
	const uint16_t vlan = pkt_vlan(pkt);

	return vlan == PKT_VLAN_NONE ? 0 : vlan;
}

static void
apply_statements(const struct compiled_rule *rule, struct pkt *pkt)
{
	pkt->mark =
		(pkt->mark & ~rule->set_mark.mask) | (rule->set_mark.value & rule->set_mark.mask);
	if (rule->has_set_zone)
		pkt->tuple.zone = rule->zone_is_vlan ? zone_of_vlan(pkt) : rule->set_zone;
	if (rule->set_helper != 0)
		pkt->set_helper = rule->set_helper;
	if (rule->set_window != 0)
		pkt->set_window = rule->set_window;
}

// A rule matches: counts, applies its statements, and returns true when it ends the chain.
static bool
rule_apply(const struct ruleset *ruleset, unsigned int chain, uint32_t index, struct pkt *pkt,
	   struct rule_counter counters[])
{
	uint32_t number = ruleset->chains[chain].first + index;
	const struct compiled_rule *rule = &ruleset->rules[number];

	count(counters, number, pkt);
	if (unlikely(rule->sets_anything))
		apply_statements(rule, pkt);
	if (rule->action == ACTION_NONE)
		return false;
	if (rule->action == ACTION_NOTRACK)
		pkt->is_notrack = true;
	pkt->verdict = action_verdicts[rule->action];
	pkt->reason = REASON_RULE;
	pkt->chain = (uint8_t)chain;
	pkt->rule = number;
	return true;
}

// No rule ended the chain. What an earlier chain's rule accepted keeps that rule's name.
static void
policy_apply(const struct ruleset *ruleset, unsigned int chain, struct pkt *pkt,
	     struct rule_counter counters[])
{
	bool is_drop = ruleset->chains[chain].policy == ACTION_DROP;

	count(counters, ruleset->n_rules + chain, pkt);
	if (!is_drop && pkt->rule != RULE_NONE)
		return;
	if (is_drop)
		pkt->verdict = VERDICT_DROP;
	pkt->reason = REASON_DEFAULT;
	pkt->chain = (uint8_t)chain;
	pkt->rule = RULE_NONE;
}

// first: what was found for the packet by its class and by rte_acl; the chain's number of rules
// when nothing was.
static void
judge(const struct ruleset *ruleset, unsigned int chain, uint32_t first, struct pkt *pkt,
      struct rule_counter counters[])
{
	const struct compiled_chain *compiled = &ruleset->chains[chain];
	const struct listed_rule *listed = compiled->listed;
	const struct listed_rule *end = listed + compiled->n_listed;

	for (; listed < end && listed->index < first; listed++) {
		if (match_holds(&listed->match, listed->keys, pkt) &&
		    rule_apply(ruleset, chain, listed->index, pkt, counters))
			return;
	}
	if (first < compiled->n_rules)
		rule_apply(ruleset, chain, first, pkt, counters);
	else
		policy_apply(ruleset, chain, pkt, counters);
}

void
ruleset_eval_burst(const struct ruleset *ruleset, unsigned int chain, struct pkt *pkts[],
		   uint16_t n_pkts, struct rule_counter counters[])
{
	const struct compiled_chain *compiled = &ruleset->chains[chain];
	uint32_t first[BURST_MAX];

	CONTRACT(n_pkts <= BURST_MAX);
	for (uint16_t i = 0; i < n_pkts; i++) {
		CONTRACT(pkts[i]->verdict == VERDICT_PENDING && pkts[i]->family != FAMILY_NONE);
		first[i] = compiled->by_class[pkts[i]->class];
	}
	classify_family(compiled, FAMILY_IPV4, pkts, n_pkts, first);
	classify_family(compiled, FAMILY_IPV6, pkts, n_pkts, first);
	for (uint16_t i = 0; i < n_pkts; i++)
		judge(ruleset, chain, first[i], pkts[i], counters);
}
