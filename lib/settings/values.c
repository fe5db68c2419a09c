// SPDX-License-Identifier: BSD-3-Clause
#include "settings/values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "base/number.h"
#include "packet/address.h"
#include "packet/protocols.h"
#include "settings/closest.h"
#include "settings/memory.h"

#define DIGITS   "0123456789"
#define MAC_BITS 48

#define FAIL(...) (snprintf(why, CFG_WHY_SIZE, __VA_ARGS__), false)

// Copies the len bytes at text; false when they do not fit.
static bool
copy_part(const char *text, size_t len, char *part, size_t size)
{
	if (len >= size)
		return false;
	memcpy(part, text, len);
	part[len] = '\0';
	return true;
}

void
cfg_add_prefixes(struct cfg_prefixes *prefixes, const struct prefix added[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		prefixes->list = cfg_grow(prefixes->list, prefixes->n, &prefixes->capacity,
					  sizeof(added[0]));
		prefixes->list[prefixes->n++] = added[i];
	}
}

void
cfg_add_ranges(struct cfg_ranges *ranges, const struct range added[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ranges->list =
			cfg_grow(ranges->list, ranges->n, &ranges->capacity, sizeof(added[0]));
		ranges->list[ranges->n++] = added[i];
	}
}

void
cfg_add_span(struct cfg_spans *spans, const struct span *added)
{
	spans->list = cfg_grow(spans->list, spans->n, &spans->capacity, sizeof(*added));
	spans->list[spans->n++] = *added;
}

// Clears the bits behind the first len ones; true when there were any.
static bool
clear_host_bits(union address *address, unsigned int len)
{
	bool any = false;

	// An IPv4 address is in the first four of these bytes, in network order.
	for (unsigned int i = 0; i < sizeof(address->v6); i++) {
		unsigned int kept = len <= i * 8 ? 0 : len - i * 8 >= 8 ? 8 : len - i * 8;
		uint8_t mask = (uint8_t)(0xff00 >> kept);

		any |= (address->v6[i] & ~mask) != 0;
		address->v6[i] &= mask;
	}
	return any;
}

// True for text that looks like a name: of a host, a service, a type.
static bool
is_name(const char *text)
{
	return isalpha((unsigned char)text[0]) && strchr(text, ':') == NULL;
}

static bool
parse_prefix(const char *text, struct prefix *prefix, char why[CFG_WHY_SIZE])
{
	unsigned int len;
	enum family family = address_parse_prefix(text, &prefix->address, &len);
	char address[INET6_ADDRSTRLEN];

	if (family == FAMILY_NONE)
		return FAIL("\"%s\" is not an address, a prefix, a range a-b or @set", text);
	if (len > address_bits(family))
		return FAIL("\"%s\" is not a prefix: its length must be 0 to %u", text,
			    address_bits(family));
	prefix->family = (uint8_t)family;
	prefix->len = (uint8_t)len;
	if (clear_host_bits(&prefix->address, len))
		return FAIL("\"%s\" has bits behind the prefix; did you mean \"%s/%u\"?", text,
			    address_format(family, &prefix->address, address), len);
	return true;
}

static bool
parse_address_range(const char *text, const char *dash, struct cfg_prefixes *prefixes,
		    char why[CFG_WHY_SIZE])
{
	struct prefix expanded[254];
	union address low;
	union address high;
	char part[INET6_ADDRSTRLEN];
	enum family family = FAMILY_NONE;
	enum family other = address_parse(dash + 1, &high);

	if (copy_part(text, (size_t)(dash - text), part, sizeof(part)))
		family = address_parse(part, &low);
	if (family == FAMILY_NONE || other == FAMILY_NONE)
		return FAIL("\"%s\" is not a range of two addresses", text);
	if (family != other)
		return FAIL("\"%s\" mixes IPv4 and IPv6", text);

	unsigned int n = prefixes_from_range(family, &low, &high, expanded);

	if (n == 0)
		return FAIL("\"%s\" runs backwards: its first address is the larger one", text);
	cfg_add_prefixes(prefixes, expanded, n);
	return true;
}

bool
cfg_parse_addresses(const char *text, struct cfg_prefixes *prefixes, char why[CFG_WHY_SIZE])
{
	const char *dash = strchr(text, '-');
	struct prefix prefix;

	if (is_name(text))
		return FAIL("\"%s\" is a name, and names are not looked up: give an address", text);
	if (dash != NULL)
		return parse_address_range(text, dash, prefixes, why);
	if (!parse_prefix(text, &prefix, why))
		return false;
	cfg_add_prefixes(prefixes, &prefix, 1);
	return true;
}

bool
cfg_parse_range(const char *text, const char *what, uint16_t max, struct range *range,
		char why[CFG_WHY_SIZE])
{
	// A dash in front is a sign, which no number here has.
	const bool has_dash = text[0] != '\0' && strchr(text + 1, '-') != NULL;
	uint64_t low = 0, high;
	const char *rest = number_parse_leading(text, max, &low);

	if (is_name(text))
		return FAIL("\"%s\" is a name, and names are not looked up: give %s, 0 to %u", text,
			    what, max);
	high = low;
	if (rest != NULL && rest[0] == '-')
		rest = number_parse_leading(rest + 1, max, &high);
	if ((rest == NULL || rest[0] != '\0') && has_dash)
		return FAIL("\"%s\" is not a range of numbers from 0 to %u", text, max);
	if (rest == NULL || rest[0] != '\0')
		return FAIL("\"%s\" is not %s, 0 to %u, or a range a-b", text, what, max);
	if (low > high)
		return FAIL("\"%s\" runs backwards: its first number is the larger one", text);
	*range = (struct range){(uint16_t)low, (uint16_t)high};
	return true;
}

bool
cfg_parse_span(const char *text, const char *what, uint64_t max, struct span *span,
	       char why[CFG_WHY_SIZE])
{
	const char *rest;

	*span = (struct span){0};
	rest = number_parse_leading(text, max, &span->low);
	span->high = span->low;
	if (rest != NULL && strcmp(rest, "-") == 0) {
		span->high = max;
		return true;
	}
	if (rest != NULL && rest[0] == '-')
		rest = number_parse_leading(rest + 1, max, &span->high);
	if (rest == NULL || rest[0] != '\0')
		return FAIL("\"%s\" is not %s, 0 to %" PRIu64 ", or a range a-b or a-", text, what,
			    max);
	if (span->low > span->high)
		return FAIL("\"%s\" runs backwards: its first number is the larger one", text);
	return true;
}

// Parses the MAC address that text begins with. Returns what follows it; NULL if there is none.
static const char *
parse_mac(const char *text, uint64_t *mac)
{
	unsigned int byte[6];
	int len = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		   &byte[4], &byte[5], &len) != 6 ||
	    strspn(text, "0123456789abcdefABCDEF:") != (size_t)len)
		return NULL;
	*mac = 0;
	for (unsigned int i = 0; i < RTE_DIM(byte); i++)
		*mac = *mac << 8 | byte[i];
	return text + len;
}

bool
cfg_parse_macs(const char *text, struct span *span, char why[CFG_WHY_SIZE])
{
	const char *rest = parse_mac(text, &span->low);
	uint64_t len = MAC_BITS;

	span->high = span->low;
	if (rest != NULL && rest[0] == '/') {
		uint64_t behind;

		if (!number_parse(rest + 1, MAC_BITS, &len))
			return FAIL("\"%s\": the length must be 0 to %u", text, MAC_BITS);
		behind = (UINT64_C(1) << (MAC_BITS - len)) - 1;
		if ((span->low & behind) != 0)
			return FAIL("\"%s\" has bits behind its first %u", text, (unsigned int)len);
		span->high |= behind;
		return true;
	}
	if (rest != NULL && rest[0] == '-')
		rest = parse_mac(rest + 1, &span->high);
	if (rest == NULL || rest[0] != '\0')
		return FAIL(
			"\"%s\" is not a MAC address such as 02:00:00:00:00:0a, a/LEN or a range "
			"a-b",
			text);
	if (span->low > span->high)
		return FAIL("\"%s\" runs backwards: its first address is the larger one", text);
	return true;
}

bool
cfg_parse_protocol(const char *text, uint8_t *proto, char why[CFG_WHY_SIZE])
{
	struct cfg_closest closest;
	uint64_t number;

	if (protocol_number(text, proto))
		return true;
	if (number_parse(text, UINT8_MAX, &number)) {
		*proto = (uint8_t)number;
		return true;
	}
	cfg_closest_init(&closest, text);
	for (unsigned int i = 0; i < n_protocols; i++)
		cfg_closest_offer(&closest, protocols[i].name);
	if (isdigit((unsigned char)text[0]) || closest.best == NULL)
		return FAIL("\"%s\" is not a protocol: give its number, 0 to 255", text);
	return FAIL("\"%s\" is not a protocol; did you mean \"%s\"?", text, closest.best);
}

bool
cfg_parse_masked(const char *text, struct masked *masked, char why[CFG_WHY_SIZE])
{
	uint64_t value = 0, mask = UINT32_MAX;
	const char *rest = number_parse_leading(text, UINT32_MAX, &value);

	if (rest != NULL && rest[0] == '/')
		rest = number_parse_leading(rest + 1, UINT32_MAX, &mask);
	if (rest == NULL || rest[0] != '\0')
		return FAIL("\"%s\" is not a value or value/mask of 32 bits", text);
	*masked = (struct masked){.value = (uint32_t)value, .mask = (uint32_t)mask};
	if (mask == 0)
		return FAIL("\"%s\" has a mask without bits", text);
	if ((value & ~mask) != 0)
		return FAIL("\"%s\" has bits in its value that are not in its mask", text);
	return true;
}

// Flags by name, separated by commas; "" and "none" mean no flag.
static bool
parse_flags(const char *text, size_t len, uint8_t *flags, char why[CFG_WHY_SIZE])
{
	*flags = 0;
	if (len == 0 || (len == 4 && strncasecmp(text, "none", 4) == 0))
		return true;
	for (const char *end = text + len;; text++) {
		size_t word_len = strcspn(text, ",/");
		unsigned int bit = 0;

		while (bit < 8 && (word_len != strlen(tcp_flag_name(bit)) ||
				   strncasecmp(text, tcp_flag_name(bit), word_len) != 0))
			bit++;
		if (bit == 8)
			return FAIL(
				"\"%.*s\" is not a TCP flag: fin, syn, rst, psh, ack, urg, ece, "
				"cwr or none",
				(int)word_len, text);
		*flags |= (uint8_t)(1u << bit);
		text += word_len;
		if (text == end)
			return true;
	}
}

bool
cfg_parse_tcp_flags(const char *text, uint8_t *flags, uint8_t *mask, char why[CFG_WHY_SIZE])
{
	const char *slash = strchr(text, '/');

	if (slash == NULL || strchr(slash + 1, '/') != NULL)
		return FAIL("\"%s\" must be flags/mask, such as \"syn/syn,ack,fin,rst\"", text);
	if (!parse_flags(text, (size_t)(slash - text), flags, why) ||
	    !parse_flags(slash + 1, strlen(slash + 1), mask, why))
		return false;
	if (*mask == 0)
		return FAIL("\"%s\" has a mask without flags", text);
	if ((*flags & ~*mask) != 0)
		return FAIL("\"%s\" can never match: it wants flags that are not in its mask",
			    text);
	return true;
}

bool
cfg_looks_like_ports(const char *text)
{
	size_t n = strspn(text, DIGITS);

	return n > 0 && (text[n] == '\0' ||
			 (text[n] == '-' && text[n + 1 + strspn(text + n + 1, DIGITS)] == '\0'));
}
