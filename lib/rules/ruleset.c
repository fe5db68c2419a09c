// SPDX-License-Identifier: BSD-3-Clause
//
// What can be asked of a compiled ruleset, apart from judging packets.
#include "rules/ruleset.h"

#include "rules/compiled.h"

unsigned int
ruleset_n_chains(const struct ruleset *ruleset)
{
	return ruleset->n_chains;
}

unsigned int
ruleset_n_rules(const struct ruleset *ruleset)
{
	return ruleset->n_rules;
}

int32_t
ruleset_chain_priority(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].priority;
}

const char *
ruleset_chain_name(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].name;
}

enum action
ruleset_chain_policy(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].policy;
}

unsigned int
ruleset_chain_first(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].first;
}

unsigned int
ruleset_chain_n_rules(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].n_rules;
}

const char *
ruleset_rule_name(const struct ruleset *ruleset, unsigned int rule)
{
	return ruleset->rules[rule].name;
}

const char *
ruleset_chain_file(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].file;
}

unsigned int
ruleset_chain_line(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].line;
}

const char *
ruleset_rule_file(const struct ruleset *ruleset, unsigned int rule)
{
	return ruleset->files[rule];
}

unsigned int
ruleset_rule_line(const struct ruleset *ruleset, unsigned int rule)
{
	return ruleset->rules[rule].line;
}

enum action
ruleset_rule_action(const struct ruleset *ruleset, unsigned int rule)
{
	return ruleset->rules[rule].action;
}

unsigned int
ruleset_rule_reject_with(const struct ruleset *ruleset, unsigned int rule)
{
	return ruleset->rules[rule].reject_with;
}

bool
ruleset_sets_marks(const struct ruleset *ruleset)
{
	for (uint32_t i = 0; i < ruleset->n_rules; i++) {
		if (ruleset->rules[i].set_mark.mask != 0)
			return true;
	}
	return false;
}

bool
ruleset_sets_helpers(const struct ruleset *ruleset)
{
	for (uint32_t i = 0; i < ruleset->n_rules; i++) {
		if (ruleset->rules[i].set_helper != 0)
			return true;
	}
	return false;
}

bool
ruleset_needs_connections(const struct ruleset *ruleset)
{
	for (uint32_t i = 0; i < ruleset->n_rules; i++) {
		if (ruleset->rules[i].needs_connection)
			return true;
	}
	return false;
}

bool
ruleset_asks_accounts(const struct ruleset *ruleset)
{
	for (uint32_t i = 0; i < ruleset->n_rules; i++) {
		if (ruleset->rules[i].needs_account)
			return true;
	}
	return false;
}

unsigned int
ruleset_n_counters(const struct ruleset *ruleset)
{
	return ruleset->n_rules + ruleset->n_chains;
}

uint8_t
ruleset_classes_alike(const struct ruleset *ruleset, unsigned int chain, bool of_tcp)
{
	return ruleset->chains[chain].classes_alike[of_tcp];
}

uint8_t
ruleset_classes_in_doubt(const struct ruleset *ruleset, unsigned int chain, bool of_tcp)
{
	const struct compiled_chain *compiled = &ruleset->chains[chain];

	return compiled->classes_set | compiled->classes_by_packet[of_tcp] |
	       (ruleset_sets_marks(ruleset) ? compiled->classes_by_set : 0);
}

uint8_t
ruleset_classes_reset(const struct ruleset *ruleset, unsigned int chain)
{
	return ruleset->chains[chain].classes_reset;
}
