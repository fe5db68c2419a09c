// SPDX-License-Identifier: BSD-3-Clause
//
// Chains into a ruleset.
//
// Every rule of a chain goes one of three ways. A rule that ends the chain for all packets of a
// class, or for all packets, is the answer for the class, unless an earlier rule is found. A rule
// that ends the chain for some, and asks only for what no rule can change, becomes entries of an
// rte_acl context, one context per family if possible; rte_acl then finds the first of them that
// matches in one look-up. Every other rule is listed: it has no action, or compares the mark or the
// zone, which a rule before it may have set. Evaluation goes through the listed rules in front of
// the one that was found (eval.c).
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
#include <rte_log.h>

#include "base/progress.h"
#include "rules/classes.h"
#include "rules/compiled.h"
#include "rules/expand.h"
#include "rules/key.h"

#define N_FAMILIES 2

// What tries take: up to 900 bytes for an entry of lists that multiply, a hundred times as much for
// entries of a few hundred rules that have little in common, 170 MB for ten thousand of these.
#define TRIES_BYTES          (UINT64_C(256) << 20)
#define TRIE_BYTES_PER_ENTRY UINT64_C(2048)

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

static const char *
printable(const char *name)
{
	return name == NULL ? "" : name;
}

// Where messages say that a rule stands.
static const char *
file_of(const struct compilation *to, const struct rule *rule)
{
	return rule->file == NULL ? to->file : rule->file;
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

// Adds up the entries of the rules for one family, and reports the rules that are too large.
static void
measure_rules(const struct compilation *to, const struct chain *chain, unsigned int family,
	      struct ruleset_size *size)
{
	for (unsigned int i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];
		int64_t count = 0;

		if (expand_is_possible(rule))
			count = expand_count(rule, families[family].family);
		if (count < 0)
			out_of_memory(to);
		if (count > EXPANSION_MAX)
			errors_add(to->errors, file_of(to, rule), rule->line,
				   "rule \"%s\": its lists make more than %u combinations for %s",
				   printable(rule->name), EXPANSION_MAX, families[family].name);
		if (count < 0 || count > EXPANSION_MAX)
			continue;
		size->n_entries += (uint64_t)count;
		size->bytes_least += (uint64_t)count * entry_size(families[family].family);
	}
}

static bool
measure(const struct compilation *to, const struct chain chains[], unsigned int n_chains,
	struct ruleset_size *size)
{
	unsigned int before = to->errors->count;
	uint64_t n_rules = 0;

	*size = (struct ruleset_size){0};
	if (n_chains > CHAINS_MAX)
		errors_add(to->errors, to->file, 0, "more than %u chains", CHAINS_MAX);
	for (unsigned int i = 0; i < n_chains; i++) {
		n_rules += chains[i].n_rules;
		for (unsigned int f = 0; f < N_FAMILIES; f++)
			measure_rules(to, &chains[i], f, size);
	}
	if (n_rules > RULES_MAX)
		errors_add(to->errors, to->file, 0, "more than %u rules", RULES_MAX);
	size->n_rules = (unsigned int)n_rules;
	size->n_counters = (unsigned int)n_rules + n_chains;
	size->bytes_most = TRIES_BYTES + size->bytes_least + size->n_entries * TRIE_BYTES_PER_ENTRY;
	return to->errors->count == before;
}

bool
ruleset_measure(const struct chain chains[], unsigned int n_chains, const char *file,
		struct ruleset_size *size, struct errors *errors)
{
	const struct compilation to = {.file = file, .errors = errors};

	return measure(&to, chains, n_chains, size);
}

// Rules of one chain in a row, to be put into contexts for one family.
struct acl_build {
	const struct compilation *to;
	const struct chain *chain;
	unsigned int chain_number;
	unsigned int family; // index in families[]
	struct acl_parts *parts;
};

// The number of entries of the rules from first up to end; negative when memory runs out.
static int64_t
count_entries(const struct acl_build *build, uint32_t first, uint32_t end)
{
	int64_t sum = 0;

	for (uint32_t i = first; i < end; i++) {
		const struct rule *rule = &build->chain->rules[i];
		int64_t count = 0;

		if (expand_is_possible(rule))
			count = expand_count(rule, families[build->family].family);
		if (count < 0)
			return count;
		sum += count;
	}
	return sum;
}

// A new, empty context for n entries, the last of the parts. NULL: *rc says why.
static struct rte_acl_ctx *
add_context(const struct acl_build *build, uint32_t n, int *rc)
{
	struct acl_parts *parts = build->parts;
	char name[RTE_ACL_NAMESIZE];
	const struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size = entry_size(families[build->family].family),
		.max_rule_num = n,
	};
	struct rte_acl_ctx **contexts, *acl;

	snprintf(name, sizeof(name), "%" PRIx32 ".%x.%" PRIx32 ".%s", build->to->id,
		 build->chain_number, parts->n, families[build->family].name);
	// rte_acl_create would hand out the context of another ruleset by the same name.
	*rc = -EEXIST;
	if (rte_acl_find_existing(name) != NULL)
		return NULL;
	*rc = -ENOMEM;
	contexts = realloc(parts->contexts, (parts->n + 1) * sizeof(struct rte_acl_ctx *));
	if (contexts == NULL)
		return NULL;
	parts->contexts = contexts;
	acl = rte_acl_create(&param);
	if (acl != NULL)
		parts->contexts[parts->n++] = acl;
	return acl;
}

// Builds one context from the rules from first up to end.
// => Returns 0 or a negative errno, and then leaves no context behind.
static int
build_context(const struct acl_build *build, uint32_t first, uint32_t end, int64_t n_entries)
{
	enum family family = families[build->family].family;
	struct rte_acl_config config;
	struct rte_acl_ctx *acl;
	int rc;

	if (n_entries > UINT32_MAX / entry_size(family))
		return -ENOMEM;
	acl = add_context(build, (uint32_t)n_entries, &rc);
	if (acl == NULL)
		return rc;
	for (uint32_t i = first; i < end; i++) {
		rc = 0;
		if (expand_is_possible(&build->chain->rules[i]))
			rc = expand_add(&build->chain->rules[i], family, i, acl);
		if (rc != 0)
			break;
	}
	key_config(family, &config);
	if (rc == 0)
		rc = rte_acl_build(acl, &config);
	if (rc != 0) {
		rte_acl_free(acl);
		build->parts->n--;
	}
	return rc;
}

// Builds as few contexts as it takes from the rules from first up to end. What rte_acl cannot
// build at once is halved: rules with many keys left out, in turn this and that, multiply in its
// tries, of which it makes eight at most.
// => Returns false when something was reported.
static bool
build_parts(const struct acl_build *build, uint32_t first, uint32_t end)
{
	const struct rule *rule = &build->chain->rules[first];
	int64_t n_entries = count_entries(build, first, end);
	uint32_t middle = first + (end - first) / 2;
	int rc = n_entries == 0 ? 0 : -ENOMEM;

	if (n_entries > 0)
		rc = build_context(build, first, end, n_entries);
	if (rc == 0)
		return true;
	if (rc == -ENOMEM && middle > first)
		return build_parts(build, first, middle) && build_parts(build, middle, end);
	errors_add(build->to->errors, file_of(build->to, rule), rule->line,
		   "rule \"%s\": rte_acl cannot build its %" PRId64 " combinations for %s: %s",
		   printable(rule->name), n_entries, families[build->family].name,
		   rte_strerror(-rc));
	return false;
}

// rte_acl complains on its own about what is then halved; what fails in the end is reported here.
static bool
build_acl(const struct compilation *to, struct compiled_chain *compiled, const struct chain *chain,
	  unsigned int number)
{
	const int log_type = rte_log_register("lib.acl");
	const int log_level = rte_log_get_level((uint32_t)log_type);
	bool is_built = true;

	rte_log_set_level((uint32_t)log_type, RTE_LOG_CRIT);
	for (unsigned int f = 0; f < N_FAMILIES && is_built && chain->n_rules > 0; f++) {
		const struct acl_build build = {
			.to = to,
			.chain = chain,
			.chain_number = number,
			.family = f,
			.parts = &compiled->acl[family_index(families[f].family)],
		};

		is_built = build_parts(&build, 0, chain->n_rules);
	}
	rte_log_set_level((uint32_t)log_type, (uint32_t)log_level);
	return is_built;
}

static bool
list_rules(struct compiled_chain *compiled, const struct chain *chain)
{
	compiled->listed = alloc_array(chain->n_rules, sizeof(compiled->listed[0]));
	if (compiled->listed == NULL)
		return false;
	for (uint32_t i = 0; i < chain->n_rules; i++) {
		struct listed_rule *listed = &compiled->listed[compiled->n_listed];

		if (expand_is_possible(&chain->rules[i])) {
			compiled->first_in_acl = RTE_MIN(compiled->first_in_acl, i);
			continue;
		}
		if (classes_decide(&chain->rules[i]))
			continue;
		listed->index = i;
		listed->keys = match_keys_of(&chain->rules[i].match);
		compiled->n_listed++;
		if (!match_copy(&chain->rules[i].match, &listed->match))
			return false;
	}
	return true;
}

static bool
needs_connection(const struct rule *rule)
{
	uint64_t keys = match_keys_of(&rule->match);

	while (keys != 0) {
		if (match_keys_next(&keys)->subject == MATCH_OF_CONNECTION)
			return true;
	}
	return rule->set_mark.mask != 0 || rule->set_helper != 0 || rule->set_window != 0;
}

static bool
needs_account(const struct rule *rule)
{
	uint64_t keys = match_keys_of(&rule->match);

	while (keys != 0) {
		if ((match_keys_next(&keys)->needs & MATCH_NEEDS_ACCOUNT) != 0)
			return true;
	}
	return false;
}

static bool
copy_rules(struct compiled_rule compiled[], const char *files[], const struct chain *chain)
{
	for (uint32_t i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];

		compiled[i] = (struct compiled_rule){
			.action = rule->action,
			.has_set_zone = rule->has_set_zone,
			.zone_is_vlan = rule->zone_is_vlan,
			.sets_anything = rule_sets_anything(rule),
			.needs_connection = needs_connection(rule),
			.needs_account = needs_account(rule),
			.set_helper = rule->set_helper,
			.set_window = rule->set_window,
			.reject_with = rule->reject_with,
			.set_zone = rule->set_zone,
			.set_mark = rule->set_mark,
			.line = rule->line,
		};
		files[i] = rule->file;
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
	compiled->file = chain->file;
	compiled->line = chain->line;
	compiled->n_rules = chain->n_rules;
	compiled->first_in_acl = chain->n_rules;
	classes_foresee(compiled, chain);
	if (!copy_name(chain->name, &compiled->name) || !list_rules(compiled, chain) ||
	    !copy_rules(&ruleset->rules[compiled->first], &ruleset->files[compiled->first],
			chain)) {
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
		ruleset->files = alloc_array(ruleset->n_rules, sizeof(ruleset->files[0]));
		if (ruleset->rules != NULL && ruleset->files != NULL)
			return ruleset;
	}
	free(ruleset->rules);
	free(ruleset->files);
	free(ruleset->chains);
	free(ruleset);
	return NULL;
}

struct ruleset *
ruleset_compile(const struct chain chains[], unsigned int n_chains, uint32_t id, const char *file,
		struct errors *errors)
{
	const struct compilation to = {.file = file, .errors = errors, .id = id};
	struct progress progress;
	struct ruleset_size size;
	struct ruleset *ruleset;
	bool is_good = true;

	if (!measure(&to, chains, n_chains, &size))
		return NULL;
	ruleset = ruleset_alloc(chains, n_chains);
	if (ruleset == NULL) {
		out_of_memory(&to);
		return NULL;
	}
	progress_begin(&progress, PROGRESS_AFTER_MS, "compiling %u rules in %u chains",
		       ruleset->n_rules, n_chains);
	for (unsigned int i = 0; i < n_chains && is_good; i++)
		is_good = compile_chain(&to, ruleset, &chains[i], i);
	progress_end(&progress);
	if (is_good)
		return ruleset;
	ruleset_destroy(ruleset);
	return NULL;
}

static void
chain_free_content(struct compiled_chain *chain)
{
	for (unsigned int f = 0; f < N_FAMILIES; f++) {
		for (uint32_t i = 0; i < chain->acl[f].n; i++)
			rte_acl_free(chain->acl[f].contexts[i]);
		free(chain->acl[f].contexts);
	}
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
	free(ruleset->files);
	free(ruleset);
}
