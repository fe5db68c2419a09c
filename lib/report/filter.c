// SPDX-License-Identifier: BSD-3-Clause
#include "report/filter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "base/contract.h"
#include "base/number.h"
#include "packet/address.h"
#include "packet/protocols.h"

#define WORD_SIZE 24 // of a name, with its zero byte

// What a key matches: some bits of a tuple, unless set does something else.
struct row {
	struct filter_key key;
	const char *wrong; // the message for an invalid text
	const char *(*set)(struct ct_filter *filter, const struct row *row, const char *text);
	enum dir dir;
	uint8_t offset; // in struct tuple
	uint16_t bits;  // of the number there
	uint8_t fields; // enum ct_fields
};

static const char *
set_proto(struct ct_filter *filter, const struct row *row, const char *text)
{
	uint64_t number;
	uint8_t proto;

	if (number_parse(text, UINT8_MAX, &number))
		proto = (uint8_t)number;
	else if (!protocol_number(text, &proto))
		return row->wrong;
	filter->value[DIR_ORIG].proto = proto;
	filter->mask[DIR_ORIG].proto = UINT8_MAX;
	return NULL;
}

static const char *
ask_for_family(struct ct_filter *filter, enum family family)
{
	struct tuple *value = &filter->value[DIR_ORIG];
	struct tuple *mask = &filter->mask[DIR_ORIG];

	if (mask->family != 0 && value->family != family)
		return "another family was asked for before";
	value->family = (uint8_t)family;
	mask->family = UINT8_MAX;
	return NULL;
}

static const char *
set_family(struct ct_filter *filter, const struct row *row, const char *text)
{
	if (strcasecmp(text, "ipv4") == 0)
		return ask_for_family(filter, FAMILY_IPV4);
	return strcasecmp(text, "ipv6") == 0 ? ask_for_family(filter, FAMILY_IPV6) : row->wrong;
}

static const char *
set_address(struct ct_filter *filter, const struct row *row, const char *text)
{
	union address address, mask = {0};
	unsigned int n_bits;
	const enum family family = address_parse_prefix(text, &address, &n_bits);
	const char *wrong;

	if (family == FAMILY_NONE || n_bits > address_bits(family))
		return row->wrong;
	wrong = ask_for_family(filter, family);
	if (wrong != NULL)
		return wrong;
	memset(mask.v6, UINT8_MAX, n_bits / 8);
	if (n_bits % 8 != 0)
		mask.v6[n_bits / 8] = (uint8_t)(UINT8_MAX << (8 - n_bits % 8));
	memcpy((char *)&filter->value[row->dir] + row->offset, &address, sizeof(address));
	memcpy((char *)&filter->mask[row->dir] + row->offset, &mask, sizeof(mask));
	return NULL;
}

// A number in some bits of a 16-bit field of the tuple.
static const char *
set_field(struct ct_filter *filter, const struct row *row, const char *text)
{
	const unsigned int shift = (unsigned int)__builtin_ctz(row->bits);
	uint16_t *value = RTE_PTR_ADD(&filter->value[row->dir], row->offset);
	uint16_t *mask = RTE_PTR_ADD(&filter->mask[row->dir], row->offset);
	uint64_t number;

	if (!number_parse(text, (uint64_t)row->bits >> shift, &number))
		return row->wrong;
	if (row->fields != CT_FIELDS_NONE) {
		if (filter->fields != CT_FIELDS_NONE && filter->fields != row->fields)
			return "what no protocol has beside it was asked for before";
		filter->fields = row->fields;
	}
	*value = (uint16_t)((*value & ~row->bits) | number << shift);
	*mask |= row->bits;
	return NULL;
}

static const char *
set_state(struct ct_filter *filter, const struct row *row, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(filter->state))
		return row->wrong;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return row->wrong;
	}
	memset(filter->state, 0, sizeof(filter->state));
	for (size_t i = 0; i < len; i++)
		filter->state[i] = (char)toupper((unsigned char)text[i]);
	return NULL;
}

// VALUE or VALUE/MASK, decimal or 0x.
static const char *
set_mark(struct ct_filter *filter, const struct row *row, const char *text)
{
	uint64_t value = 0, mask = UINT32_MAX;
	const char *rest = number_parse_leading(text, UINT32_MAX, &value);

	if (rest != NULL && *rest == '/')
		rest = number_parse_leading(rest + 1, UINT32_MAX, &mask);
	if (rest == NULL || *rest != '\0')
		return row->wrong;
	filter->mark = (uint32_t)value;
	filter->mark_mask = (uint32_t)mask;
	return NULL;
}

// Names of bits as in conntrack(8), separated by commas. Named bits must be set; UNSET means
// neither answered nor assured.
static const char *
set_status(struct ct_filter *filter, const struct row *row, const char *text)
{
	static const struct {
		const char *name;
		uint8_t value, mask;
	} words[] = {
		{"ASSURED", CT_ASSURED, CT_ASSURED},
		{"SEEN_REPLY", CT_SEEN_REPLY, CT_SEEN_REPLY},
		{"EXPECTED", CT_EXPECTED, CT_EXPECTED},
		{"UNREPLIED", 0, CT_SEEN_REPLY},
		{"UNSET", 0, CT_SEEN_REPLY | CT_ASSURED},
	};
	uint8_t value = 0, mask = 0;

	for (const char *word = text, *end; word != NULL; word = *end == ',' ? end + 1 : NULL) {
		size_t len = strcspn(word, ",");
		unsigned int i = 0;

		end = word + len;
		while (i < RTE_DIM(words) &&
		       (strlen(words[i].name) != len || strncasecmp(words[i].name, word, len) != 0))
			i++;
		if (i == RTE_DIM(words) || ((value ^ words[i].value) & mask & words[i].mask) != 0)
			return row->wrong;
		value |= words[i].value;
		mask |= words[i].mask;
	}
	filter->status = value;
	filter->status_mask = mask;
	return NULL;
}

#define ADDRESS(dir_, member)                                                                      \
	.wrong = "an address or a prefix is needed", .set = set_address, .dir = (dir_),            \
	.offset = offsetof(struct tuple, member)
#define FIELD(dir_, member, bits_, fields_, wrong_)                                                \
	.wrong = (wrong_), .set = set_field, .dir = (dir_),                                        \
	.offset = offsetof(struct tuple, member), .bits = (bits_), .fields = (fields_)
#define PORT(dir_, member)                                                                         \
	FIELD(dir_, member, UINT16_MAX, CT_FIELDS_PORTS, "a port, 0 to 65535, is needed")
#define CALL_KEY(dir_, member)                                                                     \
	FIELD(dir_, member, UINT16_MAX, CT_FIELDS_KEYS, "a number, 0 to 65535, is needed")
#define ICMP(member, bits_, wrong_) FIELD(DIR_ORIG, member, bits_, CT_FIELDS_ICMP, wrong_)

static const struct row rows[] = {
	{{"proto", {NULL}, 'p', "PROTO", "protocol, name or number"},
	 "a protocol's name or number is needed",
	 set_proto},
	{{"family", {NULL}, 'f', "FAMILY", "ipv4 or ipv6"}, "ipv4 or ipv6 is needed", set_family},
	{{"src", {"orig-src"}, 's', "ADDRESS", "original source, address or prefix"},
	 ADDRESS(DIR_ORIG, src)},
	{{"dst", {"orig-dst"}, 'd', "ADDRESS", "original destination, address or prefix"},
	 ADDRESS(DIR_ORIG, dst)},
	{{"reply-src", {NULL}, 'r', "ADDRESS", "source of the reply direction"},
	 ADDRESS(DIR_REPLY, src)},
	{{"reply-dst", {NULL}, 'q', "ADDRESS", "destination of the reply direction"},
	 ADDRESS(DIR_REPLY, dst)},
	{{"sport", {"orig-port-src"}, 0, "PORT", "original source port"},
	 PORT(DIR_ORIG, src_field)},
	{{"dport", {"orig-port-dst"}, 0, "PORT", "original destination port"},
	 PORT(DIR_ORIG, dst_field)},
	{{"reply-port-src", {NULL}, 0, "PORT", "source port of the reply direction"},
	 PORT(DIR_REPLY, src_field)},
	{{"reply-port-dst", {NULL}, 0, "PORT", "destination port of the reply direction"},
	 PORT(DIR_REPLY, dst_field)},
	{{"icmp-type", {"icmpv6-type"}, 0, "TYPE", "ICMP or ICMPv6 type"},
	 ICMP(dst_field, 0xff00, "a type, 0 to 255, is needed")},
	{{"icmp-code", {"icmpv6-code"}, 0, "CODE", "ICMP or ICMPv6 code"},
	 ICMP(dst_field, 0x00ff, "a code, 0 to 255, is needed")},
	{{"icmp-id", {"icmpv6-id"}, 0, "ID", "ICMP or ICMPv6 identifier"},
	 ICMP(src_field, UINT16_MAX, "an identifier, 0 to 65535, is needed")},
	{{"srckey", {"orig-key-src"}, 0, "KEY", "original source key of GRE"},
	 CALL_KEY(DIR_ORIG, src_field)},
	{{"dstkey", {"orig-key-dst"}, 0, "KEY", "original destination key of GRE"},
	 CALL_KEY(DIR_ORIG, dst_field)},
	{{"reply-key-src", {NULL}, 0, "KEY", "source key of the reply direction"},
	 CALL_KEY(DIR_REPLY, src_field)},
	{{"reply-key-dst", {NULL}, 0, "KEY", "destination key of the reply direction"},
	 CALL_KEY(DIR_REPLY, dst_field)},
	{{"state", {NULL}, 0, "STATE", "state of the protocol"},
	 "the name of a state is needed",
	 set_state},
	{{"status", {NULL}, 'u', "STATUS[,...]", "ASSURED, SEEN_REPLY, EXPECTED, UNREPLIED, UNSET"},
	 "ASSURED, SEEN_REPLY, EXPECTED, UNREPLIED or UNSET is needed",
	 set_status},
	{{"mark", {NULL}, 'm', "MARK[/MASK]", "mark, under a mask"},
	 "VALUE or VALUE/MASK is needed",
	 set_mark},
	{{"zone", {NULL}, 'w', "ZONE", "zone"},
	 FIELD(DIR_ORIG, zone, UINT16_MAX, CT_FIELDS_NONE, "a zone, 0 to 65535, is needed")},
};

unsigned int
filter_n_keys(void)
{
	return RTE_DIM(rows);
}

const struct filter_key *
filter_key(unsigned int index)
{
	return &rows[index].key;
}

static bool
is_called(const struct filter_key *key, const char *name)
{
	for (unsigned int i = 0; i < FILTER_ALIASES && key->aliases[i] != NULL; i++) {
		if (strcmp(key->aliases[i], name) == 0)
			return true;
	}
	return strcmp(key->name, name) == 0;
}

const char *
filter_set(struct ct_filter *filter, const char *name, const char *text)
{
	for (unsigned int i = 0; i < RTE_DIM(rows); i++) {
		if (is_called(&rows[i].key, name))
			return rows[i].set(filter, &rows[i], text);
	}
	return "there is no such filter";
}

int
filter_parse(const char *text, struct ct_filter *filter, char *error, size_t error_size)
{
	CONTRACT(filter_is_empty(filter));
	while (*(text += strspn(text, " ")) != '\0') {
		char word[WORD_SIZE + FILTER_TEXT_SIZE];
		size_t len = strcspn(text, " ");
		const char *wrong = "it is too long";
		char *value;

		snprintf(word, sizeof(word), "%.*s", (int)RTE_MIN(len, sizeof(word)), text);
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (len < sizeof(word))
			wrong = value == NULL ? "NAME=VALUE is needed"
					      : filter_set(filter, word, value);
		if (wrong != NULL) {
			snprintf(error, error_size, "%s: %s", word, wrong);
			return -1;
		}
		text += len;
	}
	return 0;
}

bool
filter_is_empty(const struct ct_filter *filter)
{
	static const struct ct_filter nothing;

	return memcmp(filter, &nothing, sizeof(nothing)) == 0;
}

static bool
is_whole(const struct tuple *mask, enum family family)
{
	const size_t len = family == FAMILY_IPV4 ? 4 : 16;
	static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return memcmp(mask->src.v6, ones, len) == 0 && memcmp(mask->dst.v6, ones, len) == 0;
}

const char *
filter_tuple(const struct ct_filter *filter, struct tuple *tuple)
{
	static const char *const needed[] = {
		[CT_FIELDS_NONE] = "a protocol, source and destination are needed",
		[CT_FIELDS_PORTS] = "a source and a destination port are needed as well",
		[CT_FIELDS_ICMP] = "a type, a code and an identifier are needed as well",
		[CT_FIELDS_KEYS] = "a source and a destination key are needed as well",
	};
	const uint8_t proto = filter->value[DIR_ORIG].proto;
	const enum family family = (enum family)filter->value[DIR_ORIG].family;
	const enum ct_fields fields = ct_fields_of(proto);
	const bool is_orig = is_whole(&filter->mask[DIR_ORIG], family);
	const enum dir dir = is_orig ? DIR_ORIG : DIR_REPLY;

	if (filter->mark_mask != 0 || filter->status_mask != 0 || filter->state[0] != '\0')
		return "a connection is named by its tuple alone, without mark, status and state";
	if (filter->mask[DIR_ORIG].proto == 0 || !is_whole(&filter->mask[dir], family))
		return needed[CT_FIELDS_NONE];
	if (filter->fields != CT_FIELDS_NONE && filter->fields != fields)
		return "the protocol has none of the fields that are asked for";
	if (fields != CT_FIELDS_NONE && (filter->mask[dir].src_field != UINT16_MAX ||
					 filter->mask[dir].dst_field != UINT16_MAX))
		return needed[fields];
	*tuple = filter->value[dir];
	tuple->proto = proto;
	tuple->family = (uint8_t)family;
	tuple->zone = filter->value[DIR_ORIG].zone;
	return NULL;
}
