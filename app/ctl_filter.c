// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "packet/protocols.h"
#include "packet/tuple.h"

// A number, decimal or behind 0x hexadecimal, as in configurations: zeros in front mean nothing.
static bool
parse_number(const char *text, unsigned long max, unsigned long *value)
{
	const int base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, base);
	return errno == 0 && *end == '\0' && *value <= max;
}

static bool
set_proto(struct ctl_filter *filter, const char *text)
{
	unsigned long number;
	uint8_t proto;

	if (parse_number(text, UINT8_MAX, &number)) {
		filter->protonum = (int32_t)number;
		return true;
	}
	if (!protocol_number(text, &proto))
		return false;
	filter->protonum = proto;
	return true;
}

static bool
parse_prefix(const char *text, struct ctl_prefix *prefix)
{
	char address[INET6_ADDRSTRLEN];
	size_t address_len = strcspn(text, "/");
	unsigned long len;

	if (address_len >= sizeof(address))
		return false;
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	if (inet_pton(AF_INET, address, prefix->bytes) == 1)
		prefix->family = FAMILY_IPV4;
	else if (inet_pton(AF_INET6, address, prefix->bytes) == 1)
		prefix->family = FAMILY_IPV6;
	else
		return false;
	len = prefix->family == FAMILY_IPV4 ? 32 : 128;
	if (text[address_len] == '/' && !parse_number(text + address_len + 1, len, &len))
		return false;
	prefix->len = (unsigned int)len;
	return true;
}

static bool
set_src(struct ctl_filter *filter, const char *text)
{
	return parse_prefix(text, &filter->src);
}

static bool
set_dst(struct ctl_filter *filter, const char *text)
{
	return parse_prefix(text, &filter->dst);
}

static bool
set_field(int32_t *field, const char *text)
{
	unsigned long number;

	if (!parse_number(text, UINT16_MAX, &number))
		return false;
	*field = (int32_t)number;
	return true;
}

static bool
set_sport(struct ctl_filter *filter, const char *text)
{
	return set_field(&filter->sport, text);
}

static bool
set_dport(struct ctl_filter *filter, const char *text)
{
	return set_field(&filter->dport, text);
}

static bool
set_zone(struct ctl_filter *filter, const char *text)
{
	return set_field(&filter->zone, text);
}

static bool
set_state(struct ctl_filter *filter, const char *text)
{
	filter->state = text;
	return *text != '\0';
}

// VALUE or VALUE/MASK, decimal or 0x.
static bool
set_mark(struct ctl_filter *filter, const char *text)
{
	char value_text[16];
	size_t value_len = strcspn(text, "/");
	unsigned long value, mask = UINT32_MAX;

	if (value_len >= sizeof(value_text))
		return false;
	memcpy(value_text, text, value_len);
	value_text[value_len] = '\0';
	if (!parse_number(value_text, UINT32_MAX, &value))
		return false;
	if (text[value_len] == '/' && !parse_number(text + value_len + 1, UINT32_MAX, &mask))
		return false;
	filter->mark = (uint32_t)value;
	filter->mark_mask = (uint32_t)mask;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct ctl_filter *filter, const char *text);
	const char *form;
} keys[] = {
	{"proto", set_proto, "a protocol's name or number"},
	{"src", set_src, "an address or a prefix"},
	{"dst", set_dst, "an address or a prefix"},
	{"sport", set_sport, "a port, 0 to 65535"},
	{"dport", set_dport, "a port, 0 to 65535"},
	{"state", set_state, "the name of a state"},
	{"mark", set_mark, "VALUE or VALUE/MASK"},
	{"zone", set_zone, "a zone, 0 to 65535"},
};

void
ctl_filter_init(struct ctl_filter *filter)
{
	*filter = (struct ctl_filter){.protonum = -1, .sport = -1, .dport = -1, .zone = -1};
}

const char *
ctl_filter_set(struct ctl_filter *filter, const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].set(filter, text) ? NULL : keys[i].form;
	}
	return "the name of a filter";
}

static bool
is_port(const struct tuple *tuple, uint16_t port, int32_t wanted)
{
	return wanted < 0 || (proto_has_ports(tuple->proto) && port == wanted);
}

static bool
is_within(const struct tuple *tuple, const union address *address, const struct ctl_prefix *prefix)
{
	unsigned int n_whole = prefix->len / 8;
	unsigned int rest = prefix->len % 8;

	if (prefix->family == FAMILY_NONE)
		return true;
	if (tuple->family != prefix->family || memcmp(address->v6, prefix->bytes, n_whole) != 0)
		return false;
	return rest == 0 || (address->v6[n_whole] ^ prefix->bytes[n_whole]) >> (8 - rest) == 0;
}

static bool
is_state(const struct ct_entry *entry, const char *wanted)
{
	return wanted == NULL || (entry->state != NULL && strcasecmp(entry->state, wanted) == 0);
}

bool
ctl_filter_passes(const struct ctl_filter *filter, const struct ct_entry *entry)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];

	return (filter->protonum < 0 || orig->proto == filter->protonum) &&
	       (filter->zone < 0 || orig->zone == filter->zone) &&
	       is_port(orig, orig->src_field, filter->sport) &&
	       is_port(orig, orig->dst_field, filter->dport) &&
	       is_within(orig, &orig->src, &filter->src) &&
	       is_within(orig, &orig->dst, &filter->dst) && is_state(entry, filter->state) &&
	       ((entry->mark ^ filter->mark) & filter->mark_mask) == 0;
}
