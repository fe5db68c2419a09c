// SPDX-License-Identifier: BSD-3-Clause
#include <ctype.h>
#include <string.h>

#include "config/rule.h"
#include "rules/reject.h"
#include "settings/memory.h"

#define FAMILY_BIT_IPV4 0x1
#define FAMILY_BIT_IPV6 0x2

// nft writes "tcp reset" and "port-unreachable"; other words of the configuration have underscores.
static bool
is_same_word(const char *known, const char *text)
{
	for (; *known != '\0' && *text != '\0'; known++, text++) {
		const int c = *text == '-' || *text == ' ' ? '_' : tolower((unsigned char)*text);

		if (c != *known)
			return false;
	}
	return *known == *text;
}

void
cfg_read_reject_with(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const char *text = cfg_string(loader, setting);
	struct cfg_closest closest;

	if (text == NULL)
		return;
	cfg_closest_init(&closest, text);
	for (unsigned int i = 0; i < n_reject_withs; i++) {
		if (is_same_word(reject_withs[i].name, text)) {
			rule->reject_with = (uint8_t)i;
			return;
		}
		cfg_closest_offer(&closest, reject_withs[i].name);
	}
	if (closest.best == NULL)
		cfg_report(loader, setting,
			   "\"%s\" must be tcp_reset, port_unreachable, host_unreachable, "
			   "net_unreachable, admin_prohibited or a name behind icmp:, icmpv6: or "
			   "icmpx:, not \"%s\"",
			   cfg_key(setting), text);
	else
		cfg_report(loader, setting, "\"%s\" cannot be \"%s\"; did you mean \"%s\"?",
			   cfg_key(setting), text, closest.best);
}

// A reset is for TCP: only that is left of a list of protocols.
static void
narrow_to_tcp(struct cfg_loader *loader, const config_setting_t *setting, struct match *match)
{
	size_t capacity = match->n_protos;

	if (match->n_protos == 0)
		match->protos = cfg_grow(match->protos, 0, &capacity, 1);
	else if (memchr(match->protos, PROTO_TCP, match->n_protos) == NULL)
		cfg_report(loader, setting, "\"tcp_reset\" needs proto = \"tcp\"");
	match->protos[0] = PROTO_TCP;
	match->n_protos = 1;
}

static void
narrow_to_family(struct cfg_loader *loader, const config_setting_t *setting, struct match *match,
		 uint8_t family)
{
	if (match->families != 0 && (match->families & family) == 0)
		cfg_report(loader, setting, "\"%s\" needs family = \"%s\"",
			   config_setting_get_string(setting),
			   family == FAMILY_BIT_IPV4 ? "ipv4" : "ipv6");
	match->families = family;
}

void
cfg_check_reject(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule)
{
	const config_setting_t *setting = config_setting_get_member(group, "reject_with");
	const struct reject_with *with = &reject_withs[rule->reject_with];

	if (setting == NULL)
		return;
	if (rule->action != ACTION_REJECT)
		cfg_report(loader, setting, "\"reject_with\" needs action = \"reject\"");
	if (rule->reject_with == REJECT_TCP_RESET)
		narrow_to_tcp(loader, setting, &rule->match);
	else if (with->icmpv6_code == NO_CODE)
		narrow_to_family(loader, setting, &rule->match, FAMILY_BIT_IPV4);
	else if (with->icmp_code == NO_CODE)
		narrow_to_family(loader, setting, &rule->match, FAMILY_BIT_IPV6);
}
