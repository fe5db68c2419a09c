// SPDX-License-Identifier: BSD-3-Clause
#include "rules/match.h"

#include <stdlib.h>
#include <string.h>

struct match_list
match_list(const struct match *match, const struct match_key *key)
{
	struct match_list list;

	memcpy(&list, match_member(match, key), sizeof(list));
	return list;
}

static bool
has_set(const void *member, size_t size)
{
	static const uint8_t nothing[sizeof(uint32_t)];

	return memcmp(member, nothing, size) != 0;
}

static bool
has_ports(const void *member)
{
	return has_set(member, sizeof(uint32_t));
}

// A set of bits, or a number that is not 0.
static bool
has_byte(const void *member)
{
	return has_set(member, sizeof(uint8_t));
}

static bool
has_mark(const void *member)
{
	return ((const struct masked *)member)->mask != 0;
}

static bool
has_flags(const void *member)
{
	return ((const uint8_t *)member)[1] != 0;
}

static bool
has_zone(const void *member)
{
	const struct {
		MATCH_ZONE(zone)
	} *it = member;

	return it->has_zone;
}

static bool
has_list(const void *member)
{
	struct match_list list;

	memcpy(&list, member, sizeof(list));
	return list.n > 0;
}

// What a packet has, held against a member that is not empty.
typedef bool (*hold)(const void *member, const union match_value *value, uint8_t family);

static bool
hold_ports(const void *member, const union match_value *value, uint8_t family)
{
	const uint32_t ports = *(const uint32_t *)member;

	(void)family;
	return value->number < PORTS_MAX && (ports >> value->number & 1) != 0;
}

static bool
hold_bits(const void *member, const union match_value *value, uint8_t family)
{
	(void)family;
	return (*(const uint8_t *)member & value->number) != 0;
}

static bool
hold_helper(const void *member, const union match_value *value, uint8_t family)
{
	(void)family;
	return *(const uint8_t *)member == value->number;
}

static bool
hold_mark(const void *member, const union match_value *value, uint8_t family)
{
	const struct masked *mark = member;

	(void)family;
	return ((mark->value ^ value->number) & mark->mask) == 0;
}

static bool
hold_flags(const void *member, const union match_value *value, uint8_t family)
{
	const uint8_t *flags = member;

	(void)family;
	return ((flags[0] ^ value->number) & flags[1]) == 0;
}

static bool
hold_zone(const void *member, const union match_value *value, uint8_t family)
{
	const struct {
		MATCH_ZONE(zone)
	} *it = member;

	(void)family;
	return it->zone == value->number;
}

static bool
hold_protos(const void *member, const union match_value *value, uint8_t family)
{
	const struct {
		MATCH_PROTOS(protos)
	} *it = member;

	(void)family;
	return memchr(it->protos, (int)value->number, it->n_protos) != NULL;
}

static bool
hold_ranges(const void *member, const union match_value *value, uint8_t family)
{
	const struct {
		MATCH_RANGES(ranges)
	} *it = member;

	(void)family;
	for (unsigned int i = 0; i < it->n_ranges; i++) {
		if (it->ranges[i].low <= value->number && value->number <= it->ranges[i].high)
			return true;
	}
	return false;
}

static bool
hold_spans(const void *member, const union match_value *value, uint8_t family)
{
	const struct {
		MATCH_SPANS(spans)
	} *it = member;

	(void)family;
	for (unsigned int i = 0; i < it->n_spans; i++) {
		if (it->spans[i].low <= value->number && value->number <= it->spans[i].high)
			return true;
	}
	return false;
}

// The len leading ones of a 64-bit half of an address.
static uint64_t
prefix_mask(unsigned int len)
{
	return len == 0 ? 0 : UINT64_MAX << (64 - RTE_MIN(len, 64u));
}

static bool
prefix_holds(const struct prefix *prefix, const union address *address)
{
	const uint64_t *want = prefix->address.word, *is = address->word;
	uint64_t high, low;

	if (prefix->family == FAMILY_IPV4) {
		uint64_t mask = prefix_mask(prefix->len) >> 32;

		return (rte_be_to_cpu_32(prefix->address.v4 ^ address->v4) & mask) == 0;
	}
	high = rte_be_to_cpu_64(want[0] ^ is[0]) & prefix_mask(prefix->len);
	low = rte_be_to_cpu_64(want[1] ^ is[1]) &
	      prefix_mask(prefix->len > 64 ? prefix->len - 64u : 0);
	return (high | low) == 0;
}

static bool
hold_prefixes(const void *member, const union match_value *value, uint8_t family)
{
	const struct {
		MATCH_PREFIXES(prefixes)
	} *it = member;

	for (unsigned int i = 0; i < it->n_prefixes; i++) {
		if (it->prefixes[i].family == family &&
		    prefix_holds(&it->prefixes[i], value->address))
			return true;
	}
	return false;
}

static const struct {
	bool (*has)(const void *member);
	hold hold;
	size_t element_size; // of a list; 0: it is none
} kinds[MATCH_KINDS] = {
	[MATCH_KIND_PORTS] = {has_ports, hold_ports, 0},
	[MATCH_KIND_BITS] = {has_byte, hold_bits, 0},
	[MATCH_KIND_HELPER] = {has_byte, hold_helper, 0},
	[MATCH_KIND_MARK] = {has_mark, hold_mark, 0},
	[MATCH_KIND_FLAGS] = {has_flags, hold_flags, 0},
	[MATCH_KIND_ZONE] = {has_zone, hold_zone, 0},
	[MATCH_KIND_PROTOS] = {has_list, hold_protos, sizeof(uint8_t)},
	[MATCH_KIND_PREFIXES] = {has_list, hold_prefixes, sizeof(struct prefix)},
	[MATCH_KIND_RANGES] = {has_list, hold_ranges, sizeof(struct range)},
	[MATCH_KIND_SPANS] = {has_list, hold_spans, sizeof(struct span)},
	[MATCH_KIND_MACS] = {has_list, hold_spans, sizeof(struct span)},
};

uint64_t
match_keys_of(const struct match *match)
{
	uint64_t keys = 0;

	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];

		keys |= (uint64_t)kinds[key->kind].has(match_member(match, key)) << i;
	}
	return keys;
}

bool
match_holds(const struct match *match, uint64_t keys, const struct pkt *pkt)
{
	while (keys != 0) {
		const struct match_key *key = match_keys_next(&keys);
		union match_value value;

		if (!key->read(pkt, &value) ||
		    !kinds[key->kind].hold(match_member(match, key), &value, pkt->family))
			return false;
	}
	return true;
}

bool
match_copy(const struct match *from, struct match *to)
{
	bool is_complete = true;

	*to = *from;
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];
		const size_t size = kinds[key->kind].element_size;
		struct match_list list;

		if (size == 0)
			continue;
		list = match_list(from, key);
		if (list.n > 0) {
			const void *elements = list.list;

			list.list = malloc(list.n * size);
			if (list.list == NULL)
				is_complete = false;
			else
				memcpy(list.list, elements, list.n * size);
		} else {
			list.list = NULL;
		}
		memcpy((uint8_t *)to + key->offset, &list, sizeof(list));
	}
	return is_complete;
}

void
match_fini(struct match *match)
{
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		if (kinds[match_keys[i].kind].element_size > 0)
			free(match_list(match, &match_keys[i]).list);
	}
}
