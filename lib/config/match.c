// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "config/ports.h"
#include "config/rule.h"
#include "rules/match_key.h"
#include "settings/memory.h"
#include "settings/values.h"

// The most sets that a misspelt name is compared with.
#define OFFERED_SETS_MAX 256

#define WORDS_MAX 8 // of a key with bits as values

#define FAMILY_BIT_IPV4 0x1
#define FAMILY_BIT_IPV6 0x2

// The key of a match that is being read, and the destination of its values.
struct target {
	const struct match_key *key;
	void *member;
};

static void
read_ports(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	unsigned int n = cfg_n_values(loader, setting);
	uint32_t *ports = to->member;

	for (unsigned int i = 0; i < n; i++) {
		uint8_t port = cfg_port(loader, cfg_value(setting, i));

		if (port != PORT_NONE)
			*ports |= UINT32_C(1) << port;
	}
}

// Accepts true or false without quotes if these are words of the key; returns true, with the value,
// if so.
static bool
is_bool(const struct match_key *key, const config_setting_t *setting, unsigned int *value)
{
	const char *text;

	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return false;
	text = config_setting_get_bool(setting) ? "true" : "false";
	for (unsigned int i = 0; i < key->n_words; i++) {
		if (strcmp(key->words[i].text, text) == 0) {
			*value = key->words[i].value;
			return true;
		}
	}
	return false;
}

static void
read_bits(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	const unsigned int n = cfg_n_values(loader, setting), n_words = to->key->n_words;
	struct cfg_word words[WORDS_MAX];
	uint8_t *bits = to->member;
	unsigned int value;

	for (unsigned int i = 0; i < n_words; i++)
		words[i] = (struct cfg_word){to->key->words[i].text, to->key->words[i].value};
	for (unsigned int i = 0; i < n; i++) {
		if (is_bool(to->key, cfg_value(setting, i), &value) ||
		    cfg_word(loader, cfg_value(setting, i), words, n_words, &value))
			*bits |= (uint8_t)value;
	}
}

// Stores a complete list in its member.
static void
put_list(const struct target *to, void *list, size_t n)
{
	const struct match_list it = {list, (unsigned int)n};

	memcpy(to->member, &it, sizeof(it));
}

static void
read_protos(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	unsigned int n = cfg_n_values(loader, setting), n_protos = 0;
	uint8_t *protos = NULL;
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
		if (n_protos > 0 && memchr(protos, proto, n_protos) != NULL)
			continue;
		protos = cfg_grow(protos, n_protos, &capacity, 1);
		protos[n_protos++] = proto;
	}
	put_list(to, protos, n_protos);
}

// The set that "@name" refers to; NULL if it cannot be used here, which is reported unless it was
// reported where the set is defined.
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
	if (set != NULL || loader->set_names != CFG_NAMES_ALL)
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
read_prefixes(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
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
	put_list(to, prefixes.list, prefixes.n);
}

// Ranges of ports, which may come from sets, or of 8-bit numbers, which may not.
static void
read_ranges(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	const uint16_t max = (uint16_t)to->key->max;
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
		} else if (cfg_parse_range(text, to->key->what, max, &range, why)) {
			cfg_add_ranges(&ranges, &range, 1);
		} else {
			cfg_report(loader, value, "\"%s\": %s", cfg_key(value), why);
		}
		cfg_take_room(loader, value, ranges.n - n_before);
	}
	put_list(to, ranges.list, ranges.n);
}

// The value of a named number.
static bool
find_word(const struct match_key *key, const char *text, struct span *span,
	  struct cfg_closest *closest)
{
	cfg_closest_init(closest, text);
	for (unsigned int i = 0; i < key->n_words; i++) {
		if (strcasecmp(key->words[i].text, text) == 0) {
			*span = (struct span){key->words[i].value, key->words[i].value};
			return true;
		}
		cfg_closest_offer(closest, key->words[i].text);
	}
	return false;
}

static void
read_spans(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	const struct match_key *key = to->key;
	unsigned int n = cfg_n_values(loader, setting);
	struct cfg_spans spans = {0};
	char digits[CFG_DIGITS_SIZE];
	char why[CFG_WHY_SIZE];

	for (unsigned int i = 0; i < n && cfg_has_room(loader); i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *text = cfg_string_or_number(loader, value, digits);
		struct cfg_closest closest;
		struct span span;

		if (text == NULL)
			continue;
		if (find_word(key, text, &span, &closest) ||
		    cfg_parse_span(text, key->what, key->max, &span, why)) {
			cfg_add_span(&spans, &span);
			cfg_take_room(loader, value, 1);
		} else if (closest.best != NULL) {
			cfg_report(loader, value, "\"%s\": %s; did you mean \"%s\"?", key->name,
				   why, closest.best);
		} else {
			cfg_report(loader, value, "\"%s\": %s", key->name, why);
		}
	}
	put_list(to, spans.list, spans.n);
}

static void
read_macs(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	unsigned int n = cfg_n_values(loader, setting);
	struct cfg_spans spans = {0};
	char why[CFG_WHY_SIZE];

	for (unsigned int i = 0; i < n && cfg_has_room(loader); i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *text = cfg_string(loader, value);
		struct span span;

		if (text == NULL)
			continue;
		if (cfg_parse_macs(text, &span, why)) {
			cfg_add_span(&spans, &span);
			cfg_take_room(loader, value, 1);
		} else {
			cfg_report(loader, value, "\"%s\": %s", to->key->name, why);
		}
	}
	put_list(to, spans.list, spans.n);
}

static void
read_mark(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	cfg_masked(loader, setting, to->member);
}

static void
read_zone(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	struct {
		MATCH_ZONE(zone)
	} *it = to->member;

	it->has_zone = cfg_zone(loader, setting, "", &it->zone);
}

static void
read_helper(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	cfg_helper(loader, setting, to->member);
}

static void
read_flags(struct cfg_loader *loader, const config_setting_t *setting, const struct target *to)
{
	const char *text = cfg_string(loader, setting);
	uint8_t *flags = to->member;
	char why[CFG_WHY_SIZE];

	if (text != NULL && !cfg_parse_tcp_flags(text, &flags[0], &flags[1], why))
		cfg_report(loader, setting, "\"%s\": %s", to->key->name, why);
}

void
cfg_read_match_key(struct cfg_loader *loader, const config_setting_t *setting,
		   const struct match_key *key, struct match *match)
{
	static void (*const read[MATCH_KINDS])(struct cfg_loader *, const config_setting_t *,
					       const struct target *) = {
		[MATCH_KIND_PORTS] = read_ports,   [MATCH_KIND_BITS] = read_bits,
		[MATCH_KIND_HELPER] = read_helper, [MATCH_KIND_MARK] = read_mark,
		[MATCH_KIND_FLAGS] = read_flags,   [MATCH_KIND_ZONE] = read_zone,
		[MATCH_KIND_PROTOS] = read_protos, [MATCH_KIND_PREFIXES] = read_prefixes,
		[MATCH_KIND_RANGES] = read_ranges, [MATCH_KIND_SPANS] = read_spans,
		[MATCH_KIND_MACS] = read_macs,
	};
	const struct target to = {key, (uint8_t *)match + key->offset};

	read[key->kind](loader, setting, &to);
}

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

// Flags without a protocol imply TCP. Ports do not, because UDP has ports, too.
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
