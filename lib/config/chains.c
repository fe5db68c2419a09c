// SPDX-License-Identifier: BSD-3-Clause
#include "config/chains.h"

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "base/contract.h"
#include "config/rule.h"
#include "settings/memory.h"

static const char *const chain_keys[] = {"name", "priority", "policy", "rules"};

static const struct cfg_word policies[] = {
	{"accept", ACTION_ACCEPT},
	{"drop", ACTION_DROP},
};

struct named_rule {
	const char *name; // of the rule
	unsigned int position;
	struct cfg_place place;
	const config_setting_t *group;
};

// By name, then in file order.
static int
compare_rules(const void *left, const void *right)
{
	const struct named_rule *a = left;
	const struct named_rule *b = right;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return a->position < b->position ? -1 : a->position > b->position;
}

static void
report_duplicate_rules(struct cfg_loader *loader, const struct named_rule named[], unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		if (strcmp(named[i].name, named[i - 1].name) == 0)
			cfg_report_twice(loader, named[i].group, "rule", named[i].name,
					 named[i - 1].place);
	}
}

// A rule without a name is named after its position. One whose name cannot be read has none.
static void
name_rule(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule,
	  unsigned int position)
{
	const char *chain = loader->chain->name == NULL ? "" : loader->chain->name;

	if (config_setting_get_member(group, "name") != NULL)
		rule->name = cfg_name(loader, group, "a rule");
	else
		rule->name = cfg_format("%s#%u", chain, position);
}

static void
read_rules(struct cfg_loader *loader, const config_setting_t *list, struct chain *chain)
{
	struct named_rule *named = NULL;
	size_t rules_capacity = 0;
	size_t named_capacity = 0;
	unsigned int n_named = 0;

	for (int i = 0; i < config_setting_length(list) && loader->n_rules <= RULES_MAX; i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned int)i);

		if (++loader->n_rules > RULES_MAX)
			cfg_report(loader, group, "more than %d rules", RULES_MAX);
		if (loader->n_rules > RULES_MAX || !cfg_is_group(loader, group))
			continue;
		chain->rules = cfg_grow(chain->rules, chain->n_rules, &rules_capacity,
					sizeof(*chain->rules));

		struct rule *rule = &chain->rules[chain->n_rules++];

		struct cfg_place place = cfg_place(loader, group);

		*rule = (struct rule){.file = place.file, .line = place.line};
		name_rule(loader, group, rule, (unsigned int)i + 1);
		cfg_read_rule(loader, group, rule);
		if (rule->name == NULL)
			continue;
		named = cfg_grow(named, n_named, &named_capacity, sizeof(*named));
		named[n_named++] = (struct named_rule){rule->name, (unsigned int)i, place, group};
	}
	if (n_named > 1)
		qsort(named, n_named, sizeof(*named), compare_rules);
	report_duplicate_rules(loader, named, n_named);
	free(named);
}

// The position of the chain; CFG_ANYWHERE if its priority cannot be read.
static enum cfg_stage
read_priority(struct cfg_loader *loader, const config_setting_t *group, struct chain *chain)
{
	const config_setting_t *setting = config_setting_get_member(group, "priority");
	int64_t priority = 0;

	if (setting != NULL && !cfg_number(loader, setting, INT32_MIN, INT32_MAX, "", &priority))
		return CFG_ANYWHERE;
	chain->priority = (int32_t)priority;
	return priority < PRIORITY_CONNTRACK ? CFG_BEFORE_CONNTRACK : CFG_AFTER_CONNTRACK;
}

static void
check_chain_name(struct cfg_loader *loader, const config_setting_t *group, const char *name)
{
	for (unsigned int i = 0; i < loader->config->n_chains; i++) {
		const struct chain *other = &loader->config->chains[i];

		if (name == NULL || other->name == NULL || strcmp(other->name, name) != 0)
			continue;
		cfg_report_twice(loader, group, "chain", name,
				 (struct cfg_place){other->file, other->line});
		return;
	}
}

static void
read_chain(struct cfg_loader *loader, const config_setting_t *group, struct chain *chain)
{
	const config_setting_t *policy = config_setting_get_member(group, "policy");
	const config_setting_t *rules = cfg_list(loader, group, "rules");
	struct cfg_place place = cfg_place(loader, group);
	unsigned int action;

	*chain = (struct chain){.file = place.file, .line = place.line, .policy = ACTION_ACCEPT};
	cfg_check_keys(loader, group, "a chain", chain_keys, RTE_DIM(chain_keys));
	chain->name = cfg_name(loader, group, "a chain");
	check_chain_name(loader, group, chain->name);
	if (policy != NULL && cfg_word(loader, policy, policies, RTE_DIM(policies), &action))
		chain->policy = (enum action)action;
	loader->chain = chain;
	loader->stage = read_priority(loader, group, chain);
	if (rules != NULL)
		read_rules(loader, rules, chain);
}

// An insertion sort keeps chains of equal priority in order; there are few.
static void
sort_by_priority(struct chain chains[], unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		struct chain chain = chains[i];
		unsigned int j = i;

		for (; j > 0 && chains[j - 1].priority > chain.priority; j--)
			chains[j] = chains[j - 1];
		chains[j] = chain;
	}
}

void
cfg_read_chains(struct cfg_loader *loader, const config_setting_t *root)
{
	const config_setting_t *list = cfg_list(loader, root, "chains");
	struct config *config = loader->config;

	CONTRACT(loader->port_names != CFG_NAMES_NOT_READ);
	CONTRACT(loader->set_names != CFG_NAMES_NOT_READ);
	if (list == NULL)
		return;
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned int)i);

		if (config->n_chains == CHAINS_MAX) {
			cfg_report(loader, group, "more than %d chains", CHAINS_MAX);
			break;
		}
		if (!cfg_is_group(loader, group))
			continue;
		read_chain(loader, group, &config->chains[config->n_chains]);
		config->n_chains++;
	}
	sort_by_priority(config->chains, config->n_chains);
}
