// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "config/ports.h"
#include "config/rule.h"
#include "settings/memory.h"
#include "settings/values.h"

// Sets a misspelt name is compared with.
#define OFFERED_SETS_MAX 256

#define FAMILY_BIT_IPV4 0x1
#define FAMILY_BIT_IPV6 0x2

static const struct cfg_word families[] = {
	{"ipv4", FAMILY_BIT_IPV4},
	{"ipv6", FAMILY_BIT_IPV6},
};

static const struct cfg_word dirs[] = {
	{"orig", DIR_ORIG},
	{"reply", DIR_REPLY},
};

static void
read_port_mask(struct cfg_loader *loader, const config_setting_t *setting, uint32_t *mask)
{
	unsigned int n = cfg_n_values(loader, setting);

	for (unsigned int i = 0; i < n; i++) {
		uint8_t port = cfg_port(loader, cfg_value(setting, i));

		if (port != PORT_NONE)
			*mask |= UINT32_C(1) << port;
	}
}

static void
read_in(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_port_mask(loader, setting, &rule->match.in_ports);
}

static void
read_out(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_port_mask(loader, setting, &rule->match.out_ports);
}

static void
read_family(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	unsigned int n = cfg_n_values(loader, setting);
	unsigned int bit;

	for (unsigned int i = 0; i < n; i++) {
		if (cfg_word(loader, cfg_value(setting, i), families, RTE_DIM(families), &bit))
			rule->match.families |= (uint8_t)bit;
	}
}

static void
read_state(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	struct cfg_word states[CLASS_COUNT - CLASS_NEW];
	unsigned int n = cfg_n_values(loader, setting);
	unsigned int class_;

	for (unsigned int i = 0; i < RTE_DIM(states); i++)
		states[i] = (struct cfg_word){class_name(CLASS_NEW + i), CLASS_NEW + i};
	for (unsigned int i = 0; i < n; i++) {
		if (cfg_word(loader, cfg_value(setting, i), states, RTE_DIM(states), &class_))
			rule->match.classes |= (uint8_t)(1u << class_);
	}
}

static void
read_dir(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	unsigned int n = cfg_n_values(loader, setting);
	unsigned int dir;

	for (unsigned int i = 0; i < n; i++) {
		if (cfg_word(loader, cfg_value(setting, i), dirs, RTE_DIM(dirs), &dir))
			rule->match.dirs |= (uint8_t)(1u << dir);
	}
}

static void
read_proto(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	struct match *match = &rule->match;
	unsigned int n = cfg_n_values(loader, setting);
	char digits[CFG_DIGITS_SIZE];
	char why[CFG_WHY_SIZE];
	size_t capacity = 0;

	for (unsigned int i = 0; i < n; i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *text = cfg_string_or_number(loader, value, digits);
		uint8_t proto;

		if (text == NULL)
			continue;
		if (!cfg_parse_protocol(text, &proto, why)) {
			cfg_report(loader, value, "\"proto\": %s", why);
			continue;
		}
		if (match->n_protos > 0 && memchr(match->protos, proto, match->n_protos) != NULL)
			continue;
		match->protos = cfg_grow(match->protos, match->n_protos, &capacity, 1);
		match->protos[match->n_protos++] = proto;
	}
}

// The set that "@name" refers to; NULL, and reported unless that was done where it is defined, when
// it cannot be used here.
static const struct cfg_set *
find_set(struct cfg_loader *loader, const config_setting_t *setting, const char *name,
	 enum cfg_set_kind kind)
{
	struct cfg_sets *sets = &loader->sets;
	struct cfg_set *set = cfg_set_lookup(sets, name);
	const char *key = cfg_key(setting);
	struct cfg_closest closest;

	if (set != NULL)
		set->is_used = true;
	if (set != NULL && set->kind == kind)
		return set;
	if (set != NULL && set->kind != CFG_SET_UNKNOWN)
		cfg_report(loader, setting, "\"%s\": set \"%s\" holds %s", key, name,
			   kind == CFG_SET_PORTS ? "addresses, not ports" : "ports, not addresses");
	if (set != NULL || !loader->has_sets)
		return NULL;
	cfg_closest_init(&closest, name);
	for (unsigned int i = 0; i < sets->n && i < OFFERED_SETS_MAX; i++)
		cfg_closest_offer(&closest, sets->list[i].name);
	if (closest.best == NULL)
		cfg_report(loader, setting, "\"%s\": no set is named \"%s\"", key, name);
	else
		cfg_report(loader, setting, "\"%s\": no set is named \"%s\"; did you mean \"%s\"?",
			   key, name, closest.best);
	return NULL;
}

static void
read_addresses(struct cfg_loader *loader, const config_setting_t *setting, struct prefix **list,
	       unsigned int *n_list)
{
	struct cfg_prefixes prefixes = {0};
	unsigned int n = cfg_n_values(loader, setting);
	char why[CFG_WHY_SIZE];

	for (unsigned int i = 0; i < n && cfg_has_room(loader); i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *text = cfg_string(loader, value);
		const struct cfg_set *set = NULL;
		size_t n_before = prefixes.n;

		if (text == NULL)
			continue;
		if (text[0] == '@') {
			set = find_set(loader, value, text + 1, CFG_SET_ADDRESSES);
			if (set != NULL)
				cfg_add_prefixes(&prefixes, set->prefixes.list, set->prefixes.n);
		} else if (!cfg_parse_addresses(text, &prefixes, why)) {
			cfg_report(loader, value, "\"%s\": %s", cfg_key(value), why);
		}
		cfg_take_room(loader, value, prefixes.n - n_before);
	}
	*list = prefixes.list;
	*n_list = (unsigned int)prefixes.n;
}

static void
read_src(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_addresses(loader, setting, &rule->match.src, &rule->match.n_src);
}

static void
read_dst(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_addresses(loader, setting, &rule->match.dst, &rule->match.n_dst);
}

// Ranges of ports, which may come from sets, or of something else below max, which may not.
static void
read_ranges(struct cfg_loader *loader, const config_setting_t *setting, uint16_t max,
	    struct range **list, unsigned int *n_list)
{
	const char *what = max == UINT16_MAX ? "a port" : "a number";
	struct cfg_ranges ranges = {0};
	unsigned int n = cfg_n_values(loader, setting);
	char digits[CFG_DIGITS_SIZE];
	char why[CFG_WHY_SIZE];

	for (unsigned int i = 0; i < n && cfg_has_room(loader); i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *text = cfg_string_or_number(loader, value, digits);
		const struct cfg_set *set = NULL;
		size_t n_before = ranges.n;
		struct range range;

		if (text == NULL)
			continue;
		if (max == UINT16_MAX && text[0] == '@') {
			set = find_set(loader, value, text + 1, CFG_SET_PORTS);
			if (set != NULL)
				cfg_add_ranges(&ranges, set->ranges.list, set->ranges.n);
		} else if (cfg_parse_range(text, what, max, &range, why)) {
			cfg_add_ranges(&ranges, &range, 1);
		} else {
			cfg_report(loader, value, "\"%s\": %s", cfg_key(value), why);
		}
		cfg_take_room(loader, value, ranges.n - n_before);
	}
	*list = ranges.list;
	*n_list = (unsigned int)ranges.n;
}

static void
read_sport(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_ranges(loader, setting, UINT16_MAX, &rule->match.sport, &rule->match.n_sport);
}

static void
read_dport(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_ranges(loader, setting, UINT16_MAX, &rule->match.dport, &rule->match.n_dport);
}

static void
read_icmp_type(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_ranges(loader, setting, UINT8_MAX, &rule->match.icmp_type, &rule->match.n_icmp_type);
}

static void
read_icmp_code(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	read_ranges(loader, setting, UINT8_MAX, &rule->match.icmp_code, &rule->match.n_icmp_code);
}

static void
read_mark(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	cfg_masked(loader, setting, &rule->match.mark);
}

static void
read_zone(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	rule->match.has_zone = cfg_zone(loader, setting, &rule->match.zone);
}

static void
read_helper(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	cfg_helper(loader, setting, &rule->match.helper);
}

static void
read_tcp_flags(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const char *text = cfg_string(loader, setting);
	char why[CFG_WHY_SIZE];

	if (text != NULL &&
	    !cfg_parse_tcp_flags(text, &rule->match.tcp_flags, &rule->match.tcp_flags_mask, why))
		cfg_report(loader, setting, "\"tcp_flags\": %s", why);
}

// The packet path cannot limit rates yet; a configuration that asks for it must not seem to work.
static void
read_limit(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const char *text = cfg_string(loader, setting);
	char why[CFG_WHY_SIZE];

	(void)rule;
	if (text == NULL)
		return;
	if (!cfg_parse_limit(text, why))
		cfg_report(loader, setting, "\"limit\": %s", why);
	else
		cfg_report(loader, setting, "limit is not available yet");
}

const struct cfg_rule_key cfg_match_keys[] = {
	{"in", CFG_ANYWHERE, read_in},
	{"out", CFG_ANYWHERE, read_out},
	{"family", CFG_ANYWHERE, read_family},
	{"proto", CFG_ANYWHERE, read_proto},
	{"src", CFG_ANYWHERE, read_src},
	{"dst", CFG_ANYWHERE, read_dst},
	{"sport", CFG_ANYWHERE, read_sport},
	{"dport", CFG_ANYWHERE, read_dport},
	{"icmp_type", CFG_ANYWHERE, read_icmp_type},
	{"icmp_code", CFG_ANYWHERE, read_icmp_code},
	{"tcp_flags", CFG_ANYWHERE, read_tcp_flags},
	{"zone", CFG_ANYWHERE, read_zone},
	{"state", CFG_AFTER_CONNTRACK, read_state},
	{"dir", CFG_AFTER_CONNTRACK, read_dir},
	{"mark", CFG_AFTER_CONNTRACK, read_mark},
	{"helper", CFG_AFTER_CONNTRACK, read_helper},
	{"limit", CFG_ANYWHERE, read_limit},
};

const unsigned int cfg_n_match_keys = RTE_DIM(cfg_match_keys);

static uint8_t
families_of(const struct prefix prefixes[], unsigned int n)
{
	uint8_t bits = 0;

	for (unsigned int i = 0; i < n; i++)
		bits |= prefixes[i].family == FAMILY_IPV4 ? FAMILY_BIT_IPV4 : FAMILY_BIT_IPV6;
	return n == 0 ? FAMILY_BIT_IPV4 | FAMILY_BIT_IPV6 : bits;
}

static void
check_families(struct cfg_loader *loader, const config_setting_t *group, const struct match *match)
{
	uint8_t common = match->families == 0 ? FAMILY_BIT_IPV4 | FAMILY_BIT_IPV6 : match->families;

	common &= families_of(match->src, match->n_src);
	common &= families_of(match->dst, match->n_dst);
	if (common == 0)
		cfg_report(loader, group,
			   "this rule can never match: its \"family\", \"src\" and \"dst\" have no "
			   "address family in common");
}

static void
check_ports(struct cfg_loader *loader, const config_setting_t *group, const struct match *match)
{
	const char *key = match->n_sport > 0 ? "sport" : "dport";

	if (match->n_sport == 0 && match->n_dport == 0)
		return;
	for (unsigned int i = 0; i < match->n_protos; i++) {
		if (proto_has_ports(match->protos[i]))
			continue;
		cfg_report(loader, config_setting_get_member(group, key),
			   "\"%s\" needs protocols with ports: protocol %u has none", key,
			   match->protos[i]);
		return;
	}
}

static void
check_icmp(struct cfg_loader *loader, const config_setting_t *group, const struct match *match)
{
	const char *key = match->n_icmp_type > 0 ? "icmp_type" : "icmp_code";

	if (match->n_icmp_type == 0 && match->n_icmp_code == 0)
		return;
	if (match->n_protos == 1 &&
	    (match->protos[0] == PROTO_ICMP || match->protos[0] == PROTO_ICMPV6))
		return;
	cfg_report(loader, config_setting_get_member(group, key),
		   "\"%s\" needs proto = \"icmp\" or proto = \"icmpv6\", one of the two", key);
}

// Flags without a protocol mean TCP, as ports do not: those are UDP's too.
static void
check_tcp_flags(struct cfg_loader *loader, const config_setting_t *group, struct match *match)
{
	size_t capacity = 0;

	if (match->tcp_flags_mask == 0)
		return;
	if (match->n_protos == 0) {
		match->protos = cfg_grow(match->protos, 0, &capacity, 1);
		match->protos[match->n_protos++] = PROTO_TCP;
	}
	if (match->n_protos != 1 || match->protos[0] != PROTO_TCP)
		cfg_report(loader, config_setting_get_member(group, "tcp_flags"),
			   "\"tcp_flags\" needs proto = \"tcp\" and no other");
}

void
cfg_check_match(struct cfg_loader *loader, const config_setting_t *group, struct match *match)
{
	check_families(loader, group, match);
	check_ports(loader, group, match);
	check_icmp(loader, group, match);
	check_tcp_flags(loader, group, match);
}
