// SPDX-License-Identifier: BSD-3-Clause
//
// Warnings about settings that are allowed but hardly intended: statements without effect, and
// rules that no packet can match. They change nothing.
//
// A rule is compared with those before it in its chain. Ten thousand rules make fifty million
// pairs, so the total number of comparisons is bounded; beyond that, only rules that match every
// packet are recognised.
#include "settings/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "rules/match_key.h"
#include "settings/cover.h"

#define STEPS_MAX    (UINT64_C(1) << 25)
#define WARNING_SIZE 4352 // room for a path
#define N_VLANS      4096
#define IPV4         0x1 // bits of match.families
#define IPV6         0x2

// Values that rules of any chain set, so that others can match them.
struct settings {
	bool has_mark;
	bool has_helper[CT_HELPER_COUNT];
	uint8_t zones[(UINT16_MAX + 1) / 8]; // a bit each
};

struct survey {
	const struct config *config;
	struct errors *warnings;
	struct settings settings;
	uint64_t *keys; // of the chain's rules, see match_keys_of
	uint64_t steps; // that comparisons may still take
};

static void warn(struct survey *survey, const char *file, unsigned int line, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

static void
warn(struct survey *survey, const char *file, unsigned int line, const char *format, ...)
{
	char text[WARNING_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	errors_add(survey->warnings, file == NULL ? survey->config->file : file, line,
		   "warning: %s", text);
}

static void
survey_settings(struct survey *survey)
{
	struct settings *settings = &survey->settings;

	settings->zones[0] |= 1; // the zone of packets for which no rule sets one
	for (unsigned int c = 0; c < survey->config->n_chains; c++) {
		const struct chain *chain = &survey->config->chains[c];

		for (unsigned int i = 0; i < chain->n_rules; i++) {
			const struct rule *rule = &chain->rules[i];

			settings->has_mark |= rule->set_mark.mask != 0;
			settings->has_helper[rule->set_helper] = true;
			if (rule->zone_is_vlan)
				memset(settings->zones, 0xff, N_VLANS / 8);
			else if (rule->has_set_zone)
				settings->zones[rule->set_zone / 8] |=
					(uint8_t)(1u << rule->set_zone % 8);
		}
	}
}

static void
check_ports(struct survey *survey)
{
	const struct config *config = survey->config;

	for (uint8_t i = 0; i < config->n_ports; i++) {
		if (config_peer(config, i) == PORT_NONE)
			warn(survey, config->ports[i].file, config->ports[i].line,
			     "port \"%s\" is on no wire: what comes in there is dropped",
			     config->ports[i].name);
	}
}

static void
check_sets(struct survey *survey)
{
	const struct config *config = survey->config;

	for (unsigned int i = 0; i < config->n_unused_sets; i++) {
		const struct unused_set *set = &config->unused_sets[i];

		warn(survey, set->file, set->line, "set \"%s\" is in no rule", set->name);
	}
}

// True if a packet that arrives at one of these ports can leave at one of those.
static bool
has_wire(const struct config *config, uint32_t in_ports, uint32_t out_ports)
{
	for (uint8_t i = 0; i < config->n_ports; i++) {
		uint8_t peer = config_peer(config, i);

		if (peer != PORT_NONE && (in_ports == 0 || (in_ports >> i & 1) != 0) &&
		    (out_ports == 0 || (out_ports >> peer & 1) != 0))
			return true;
	}
	return false;
}

static bool
has_proto(const struct match *match, uint8_t proto)
{
	return match->n_protos > 0 && memchr(match->protos, proto, match->n_protos) != NULL;
}

// True if a key of the match reads the account of a connection.
static bool
asks_account(const struct match *match, bool for_counters)
{
	uint64_t keys = match_keys_of(match);

	while (keys != 0) {
		const struct match_key *key = match_keys_next(&keys);

		if ((key->needs & MATCH_NEEDS_ACCOUNT) != 0 &&
		    (!for_counters || key->kind == MATCH_KIND_SPANS))
			return true;
	}
	return false;
}

// Why no packet can match, regardless of other rules; NULL if one can.
static const char *
find_contradiction(const struct survey *survey, const struct match *match)
{
	const struct settings *settings = &survey->settings;
	const uint8_t families = cfg_match_families(match);
	const uint8_t untracked = 1u << CLASS_UNTRACKED;

	if (!has_wire(survey->config, match->in_ports, match->out_ports))
		return "no wire leads from its \"in\" to its \"out\"";
	if (match->n_protos == 1 && has_proto(match, PROTO_ICMP) && families == IPV6)
		return "icmp is that of IPv4, icmpv6 that of IPv6";
	if (match->n_protos == 1 && has_proto(match, PROTO_ICMPV6) && families == IPV4)
		return "icmpv6 is that of IPv6, icmp that of IPv4";
	if (match->ip_options == 1u << true && families == IPV6)
		return "only IPv4 has options in its header";
	if (match->extension_headers == 1u << true && families == IPV4)
		return "only IPv6 has extension headers";
	if (!survey->config->conntrack.accounting && asks_account(match, true))
		return "nothing is counted, since conntrack.accounting is false";
	if (match->classes == untracked &&
	    (match->dirs != 0 || match->helper != 0 || asks_account(match, false)))
		return "untracked packets have no connection, so neither direction nor helper";
	if (match->helper != 0 && !settings->has_helper[match->helper])
		return "no rule sets that helper";
	if ((match->mark.value & match->mark.mask) != 0 && !settings->has_mark)
		return "no rule sets a mark";
	if (match->has_zone && (settings->zones[match->zone / 8] >> match->zone % 8 & 1) == 0)
		return "no rule sets that zone";
	return NULL;
}

// Warns about statements that have no effect on matching packets, and about useless keys.
static void
check_statements(struct survey *survey, const struct chain *chain, const struct rule *rule)
{
	const struct match *match = &rule->match;
	const uint8_t helped = rule->set_helper == CT_HELPER_TFTP ? PROTO_UDP : PROTO_TCP;

	if (rule->log != NULL)
		warn(survey, rule->file, rule->line,
		     "rule \"%s\": \"log\" does nothing yet: no text is written", rule->name);
	if (rule->set_helper != 0 && match->n_protos > 0 && !has_proto(match, helped))
		warn(survey, rule->file, rule->line,
		     "rule \"%s\": \"set_helper\" does nothing: %s is for %s", rule->name,
		     ct_helper_name((enum ct_helper)rule->set_helper),
		     helped == PROTO_TCP ? "tcp" : "udp");
	if (match->fragment != 0 && chain->priority >= PRIORITY_DEFRAG)
		warn(survey, rule->file, rule->line,
		     "rule \"%s\": \"fragment\" means little here: datagrams are whole from "
		     "priority %d on",
		     rule->name, PRIORITY_DEFRAG);
	if (rule->set_window != 0 && match->n_protos > 0 && !has_proto(match, PROTO_TCP))
		warn(survey, rule->file, rule->line,
		     "rule \"%s\": \"set_window\" does nothing: only tcp has a window", rule->name);
}

// The earlier rule that ends the chain for all packets that would match this one; NULL if none.
static const struct rule *
find_shadow(struct survey *survey, const struct chain *chain, unsigned int index)
{
	const struct rule *rule = &chain->rules[index];

	for (unsigned int i = 0; i < index; i++) {
		const struct rule *before = &chain->rules[i];

		if (before->action == ACTION_NONE)
			continue;
		if (survey->keys[i] == 0 ||
		    (survey->steps > 0 && cfg_match_covers(&before->match, survey->keys[i],
							   &rule->match, &survey->steps)))
			return before;
	}
	return NULL;
}

// Only another file is named.
static const char *
format_place(const struct rule *from, const struct rule *rule, char *text, size_t size)
{
	if (from->file == rule->file || rule->file == NULL)
		snprintf(text, size, "in line %u", rule->line);
	else
		snprintf(text, size, "in %s:%u", rule->file, rule->line);
	return text;
}

static void
check_rule(struct survey *survey, const struct chain *chain, unsigned int index)
{
	const struct rule *rule = &chain->rules[index];
	const char *why = find_contradiction(survey, &rule->match);
	const struct rule *shadow = why == NULL ? find_shadow(survey, chain, index) : NULL;
	char place[WARNING_SIZE];

	if (why != NULL)
		warn(survey, rule->file, rule->line, "rule \"%s\" can never match: %s", rule->name,
		     why);
	else if (shadow != NULL)
		warn(survey, rule->file, rule->line,
		     "rule \"%s\" can never match: rule \"%s\" %s takes all that it would",
		     rule->name, shadow->name, format_place(rule, shadow, place, sizeof(place)));
	check_statements(survey, chain, rule);
}

// The keys of all rules are collected once, because each rule is compared with all before it.
static void
check_rules(struct survey *survey, const struct chain *chain)
{
	survey->keys = calloc(chain->n_rules, sizeof(*survey->keys));
	if (survey->keys == NULL)
		return;
	for (unsigned int i = 0; i < chain->n_rules; i++)
		survey->keys[i] = match_keys_of(&chain->rules[i].match);
	for (unsigned int i = 0; i < chain->n_rules; i++)
		check_rule(survey, chain, i);
	free(survey->keys);
	survey->keys = NULL;
}

// True when no packet gets past the chain.
static bool
drops_all(const struct chain *chain)
{
	for (unsigned int i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];

		if (rule->action == ACTION_ACCEPT || rule->action == ACTION_NOTRACK)
			return false;
		if (rule->action != ACTION_NONE && cfg_match_is_all(&rule->match))
			return true;
	}
	return chain->policy == ACTION_DROP;
}

static void
check_chains(struct survey *survey)
{
	const struct config *config = survey->config;
	const struct chain *wall = NULL; // that nothing gets past

	for (unsigned int c = 0; c < config->n_chains; c++) {
		const struct chain *chain = &config->chains[c];

		if (wall != NULL)
			warn(survey, chain->file, chain->line,
			     "chain \"%s\" is never asked: chain \"%s\" drops everything",
			     chain->name, wall->name);
		check_rules(survey, chain);
		if (wall == NULL && drops_all(chain))
			wall = chain;
	}
}

void
config_warn(const struct config *config, unsigned int n_cpus, struct errors *warnings)
{
	struct survey survey = {.config = config, .warnings = warnings, .steps = STEPS_MAX};

	survey_settings(&survey);
	if (config->workers > n_cpus)
		warn(&survey, config->workers_file, config->workers_line,
		     "there are %u workers and %u CPUs: each wants one for itself", config->workers,
		     n_cpus);
	check_ports(&survey);
	check_sets(&survey);
	check_chains(&survey);
}
