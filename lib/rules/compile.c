// SPDX-License-Identifier: BSD-3-Clause
//
// Chains into a ruleset.
//
// Every rule of a chain goes one of two ways. A rule that ends the chain, and asks only for what
// no rule can change, becomes entries of an rte_acl context, one context per family; rte_acl then
// finds the first of them that matches in one look-up. Every other rule is listed: it has no
// action, or compares the mark or the zone, which a rule before it may have set. Evaluation goes
// through the listed rules in front of the one rte_acl found (eval.c).
//
// First everything is counted and every rule that is too large is reported; only then the contexts
// are built, which takes time and memory of EAL.
#include "rules/ruleset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "rules/compiled.h"
#include "rules/expand.h"
#include "rules/key.h"

#define N_FAMILIES 2

static const struct {
	enum family family;
	const char *name;
} families[N_FAMILIES] = {
	{FAMILY_IPV4, "IPv4"},
	{FAMILY_IPV6, "IPv6"},
};

// Where messages go, and what they are about.
struct compilation {
	const char *file;
	struct errors *errors;
	uint32_t id;
};

static void
out_of_memory(const struct compilation *to)
{
	errors_add(to->errors, to->file, 0, "no memory for the compiled rules");
}

// Memory for n elements, never NULL for none.
static void *
alloc_array(size_t n, size_t size)
{
	return calloc(RTE_MAX(n, 1u), size);
}

// Copies a name that may be missing. Returns false when memory runs out.
static bool
copy_name(const char *from, char **to)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL;
}

// Bytes of one entry of a family. rte_acl multiplies it with the number of entries in 32 bits.
static uint32_t
entry_size(enum family family)
{
	return (uint32_t)RTE_ACL_RULE_SZ(key_n_fields(family));
}

// Adds up the entries of a chain for one family and reports the rules that are too large.
// => Returns -1 when something was reported.
static int64_t
count_entries(const struct compilation *to, const struct chain *chain, unsigned int family)
{
	const int64_t most = UINT32_MAX / entry_size(families[family].family);
	bool is_good = true;
	int64_t sum = 0;

	for (unsigned int i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];
		int64_t count;

		if (!expand_is_possible(rule))
			continue;
		count = expand_count(rule, families[family].family);
		if (count < 0) {
			out_of_memory(to);
			return -1;
		}
		if (count > EXPANSION_MAX) {
			errors_add(to->errors, to->file, rule->line,
				   "rule \"%s\": its lists make more than %u combinations for %s",
				   rule->name == NULL ? "" : rule->name, EXPANSION_MAX,
				   families[family].name);
			is_good = false;
		} else {
			sum += count;
		}
	}
	if (sum > most) {
		errors_add(to->errors, to->file, chain->line,
			   "chain \"%s\": the lists of its rules make more than %" PRId64
			   " combinations for %s",
			   chain->name, most, families[family].name);
		is_good = false;
	}
	return is_good ? sum : -1;
}

static bool
check_sizes(const struct compilation *to, const struct chain chains[], unsigned int n_chains)
{
	unsigned int before = to->errors->count;
	uint64_t n_rules = 0;

	if (n_chains > CHAINS_MAX)
		errors_add(to->errors, to->file, 0, "more than %u chains", CHAINS_MAX);
	for (unsigned int i = 0; i < n_chains; i++) {
		n_rules += chains[i].n_rules;
		for (unsigned int f = 0; f < N_FAMILIES; f++)
			count_entries(to, &chains[i], f);
	}
	if (n_rules > RULES_MAX)
		errors_add(to->errors, to->file, 0, "more than %u rules", RULES_MAX);
	return to->errors->count == before;
}

// Puts the entries of a chain into a new context and builds it.
// => Returns 0 or a negative errno; the context is the chain's in both cases.
static int
fill_acl(struct compiled_chain *compiled, const struct chain *chain, enum family family,
	 const struct rte_acl_param *param)
{
	struct rte_acl_config config;
	struct rte_acl_ctx *acl;

	// rte_acl_create would hand out the context of another ruleset by the same name.
	if (rte_acl_find_existing(param->name) != NULL)
		return -EEXIST;
	acl = rte_acl_create(param);
	if (acl == NULL)
		return rte_errno == 0 ? -ENOMEM : -rte_errno;
	compiled->acl[family_index(family)] = acl;
	for (uint32_t i = 0; i < chain->n_rules; i++) {
		int rc = 0;

		if (expand_is_possible(&chain->rules[i]))
			rc = expand_add(&chain->rules[i], family, i, acl);
		if (rc != 0)
			return rc;
	}
	key_config(family, &config);
	return rte_acl_build(acl, &config);
}

static bool
build_acl(const struct compilation *to, struct compiled_chain *compiled, const struct chain *chain,
	  unsigned int n)
{
	for (unsigned int f = 0; f < N_FAMILIES; f++) {
		int64_t n_entries = count_entries(to, chain, f);
		char name[RTE_ACL_NAMESIZE];
		struct rte_acl_param param = {
			.name = name,
			.socket_id = SOCKET_ID_ANY,
			.rule_size = entry_size(families[f].family),
			.max_rule_num = (uint32_t)n_entries,
		};
		int rc;

		if (n_entries < 0)
			return false;
		if (n_entries == 0)
			continue;
		snprintf(name, sizeof(name), "rules%" PRIu32 ".%u.%s", to->id, n, families[f].name);
		rc = fill_acl(compiled, chain, families[f].family, &param);
		if (rc != 0) {
			errors_add(to->errors, to->file, chain->line,
				   "chain \"%s\": its %" PRId64
				   " combinations for %s cannot be built: %s",
				   chain->name, n_entries, families[f].name, rte_strerror(-rc));
			return false;
		}
	}
	return true;
}

static bool
list_rules(struct compiled_chain *compiled, const struct chain *chain)
{
	compiled->listed = alloc_array(chain->n_rules, sizeof(compiled->listed[0]));
	if (compiled->listed == NULL)
		return false;
	for (uint32_t i = 0; i < chain->n_rules; i++) {
		struct listed_rule *listed = &compiled->listed[compiled->n_listed];

		if (expand_is_possible(&chain->rules[i]))
			continue;
		listed->index = i;
		compiled->n_listed++;
		if (!match_copy(&chain->rules[i].match, &listed->match))
			return false;
	}
	return true;
}

static bool
copy_rules(struct compiled_rule compiled[], const struct chain *chain)
{
	for (uint32_t i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];

		compiled[i] = (struct compiled_rule){
			.action = rule->action,
			.has_set_zone = rule->has_set_zone,
			.set_helper = rule->set_helper,
			.set_zone = rule->set_zone,
			.set_mark = rule->set_mark,
			.line = rule->line,
		};
		if (!copy_name(rule->name, &compiled[i].name))
			return false;
	}
	return true;
}

static bool
compile_chain(const struct compilation *to, struct ruleset *ruleset, const struct chain *chain,
	      unsigned int n)
{
	struct compiled_chain *compiled = &ruleset->chains[n];

	compiled->priority = chain->priority;
	compiled->policy = chain->policy;
	compiled->n_rules = chain->n_rules;
	if (!copy_name(chain->name, &compiled->name) || !list_rules(compiled, chain) ||
	    !copy_rules(&ruleset->rules[compiled->first], chain)) {
		out_of_memory(to);
		return false;
	}
	return build_acl(to, compiled, chain, n);
}

// A ruleset of empty chains, which know where their rules will be. NULL when memory runs out.
static struct ruleset *
ruleset_alloc(const struct chain chains[], unsigned int n_chains)
{
	struct ruleset *ruleset = calloc(1, sizeof(*ruleset));

	if (ruleset == NULL)
		return NULL;
	ruleset->chains = alloc_array(n_chains, sizeof(ruleset->chains[0]));
	if (ruleset->chains != NULL) {
		ruleset->n_chains = n_chains;
		for (unsigned int i = 0; i < n_chains; i++) {
			ruleset->chains[i].first = ruleset->n_rules;
			ruleset->n_rules += chains[i].n_rules;
		}
		ruleset->rules = alloc_array(ruleset->n_rules, sizeof(ruleset->rules[0]));
		if (ruleset->rules != NULL)
			return ruleset;
	}
	free(ruleset->chains);
	free(ruleset);
	return NULL;
}

struct ruleset *
ruleset_compile(const struct chain chains[], unsigned int n_chains, uint32_t id, const char *file,
		struct errors *errors)
{
	const struct compilation to = {.file = file, .errors = errors, .id = id};
	struct ruleset *ruleset;

	if (!check_sizes(&to, chains, n_chains))
		return NULL;
	ruleset = ruleset_alloc(chains, n_chains);
	if (ruleset == NULL) {
		out_of_memory(&to);
		return NULL;
	}
	for (unsigned int i = 0; i < n_chains; i++) {
		if (!compile_chain(&to, ruleset, &chains[i], i)) {
			ruleset_destroy(ruleset);
			return NULL;
		}
	}
	return ruleset;
}

static void
chain_free_content(struct compiled_chain *chain)
{
	for (unsigned int f = 0; f < N_FAMILIES; f++)
		rte_acl_free(chain->acl[f]);
	for (uint32_t i = 0; i < chain->n_listed; i++)
		match_fini(&chain->listed[i].match);
	free(chain->listed);
	free(chain->name);
}

void
ruleset_destroy(struct ruleset *ruleset)
{
	if (ruleset == NULL)
		return;
	for (uint32_t i = 0; i < ruleset->n_chains; i++)
		chain_free_content(&ruleset->chains[i]);
	for (uint32_t i = 0; i < ruleset->n_rules; i++)
		free(ruleset->rules[i].name);
	free(ruleset->chains);
	free(ruleset->rules);
	free(ruleset);
}
