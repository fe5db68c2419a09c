// SPDX-License-Identifier: BSD-3-Clause
#include "settings/cover.h"

#include <string.h>

#include <rte_common.h>

#include "base/contract.h"
#include "packet/address.h"
#include "rules/match_key.h"

#define IPV4 0x1 // bits of match.families
#define IPV6 0x2

static uint8_t
family_bit(const struct prefix *prefix)
{
	return prefix->family == FAMILY_IPV4 ? IPV4 : IPV6;
}

static uint8_t
families_of(const struct prefix prefixes[], unsigned int n)
{
	uint8_t bits = n == 0 ? IPV4 | IPV6 : 0;

	for (unsigned int i = 0; i < n; i++)
		bits |= family_bit(&prefixes[i]);
	return bits;
}

uint8_t
cfg_match_families(const struct match *match)
{
	return (match->families == 0 ? IPV4 | IPV6 : match->families) &
	       families_of(match->src, match->n_src) & families_of(match->dst, match->n_dst);
}

bool
cfg_match_is_all(const struct match *match)
{
	return match_keys_of(match) == 0;
}

// Sets of bits; the second one, if 0, means any.
static bool
bits_cover(uint32_t a, uint32_t b)
{
	return b != 0 && (b & ~a) == 0;
}

static bool
prefix_covers(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len <= b->len &&
	       address_is_within(&b->address, &a->address, a->len);
}

static bool
takes_step(uint64_t *steps)
{
	if (*steps == 0)
		return false;
	(*steps)--;
	return true;
}

static bool
one_covers(const struct prefix list[], unsigned int n, const struct prefix *prefix, uint64_t *steps)
{
	for (unsigned int i = 0; i < n && takes_step(steps); i++) {
		if (prefix_covers(&list[i], prefix))
			return true;
	}
	return false;
}

// Only prefixes of families that b can match count.
static bool
prefixes_cover(const struct match_list *a, const struct match_list *b, uint8_t families,
	       uint64_t *steps)
{
	static const struct prefix all[] = {{.family = FAMILY_IPV4}, {.family = FAMILY_IPV6}};
	const struct prefix *prefixes = b->n == 0 ? all : b->list;
	const unsigned int n = b->n == 0 ? RTE_DIM(all) : b->n;

	for (unsigned int i = 0; i < n; i++) {
		if ((family_bit(&prefixes[i]) & families) != 0 &&
		    !one_covers(a->list, a->n, &prefixes[i], steps))
			return false;
	}
	return true;
}

// The i-th range of a list of either kind.
static struct span
span_at(const struct match_list *list, enum match_kind kind, unsigned int i)
{
	const struct range *ranges = list->list;
	const struct span *spans = list->list;

	return kind == MATCH_KIND_RANGES ? (struct span){ranges[i].low, ranges[i].high} : spans[i];
}

// Several ranges together may cover one.
static bool
span_is_covered(const struct match_list *list, enum match_kind kind, struct span span,
		uint64_t *steps)
{
	uint64_t next = span.low; // the first number not covered yet
	bool is_found = true, is_end = span.low > span.high;

	while (!is_end && is_found) {
		is_found = false;
		for (unsigned int i = 0; i < list->n && !is_found && takes_step(steps); i++) {
			const struct span by = span_at(list, kind, i);

			is_found = by.low <= next && next <= by.high;
			if (is_found) {
				is_end = by.high >= span.high;
				next = is_end ? next : by.high + 1;
			}
		}
	}
	return is_found;
}

static bool
spans_cover(const struct match_list *a, const struct match_list *b, enum match_kind kind,
	    uint64_t *steps)
{
	for (unsigned int i = 0; i < b->n; i++) {
		if (!span_is_covered(a, kind, span_at(b, kind, i), steps))
			return false;
	}
	return b->n > 0;
}

// Without a protocol, ports are those of all protocols with ports.
static bool
protos_cover(const struct match *a, const struct match *b)
{
	static const uint8_t with_ports[] = {PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP,
					     PROTO_DCCP};
	const uint8_t *protos = b->protos;
	unsigned int n = b->n_protos;

	if (n == 0 && b->n_sport + b->n_dport > 0) {
		protos = with_ports;
		n = RTE_DIM(with_ports);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (memchr(a->protos, protos[i], a->n_protos) == NULL)
			return false;
	}
	return n > 0;
}

// True if a key that a has matches everything that b matches, as far as that can be told.
static bool
key_covers(const struct match_key *key, const struct match *a, const struct match *b,
	   uint8_t families, uint64_t *steps)
{
	const void *member_a = match_member(a, key), *member_b = match_member(b, key);
	const uint8_t *bytes_a = member_a, *bytes_b = member_b;
	struct match_list list_a, list_b;

	// A rule in between may have changed the value.
	if (key->varies == MATCH_WHERE_SET)
		return false;
	switch ((enum match_kind)key->kind) {
	case MATCH_KIND_PORTS:
		return bits_cover(*(const uint32_t *)member_a, *(const uint32_t *)member_b);
	case MATCH_KIND_BITS:
		return bits_cover(*bytes_a,
				  key == &match_keys[MATCH_KEY_families] ? families : *bytes_b);
	case MATCH_KIND_HELPER:
		return *bytes_a == *bytes_b;
	case MATCH_KIND_FLAGS:
		return (bytes_a[1] & ~bytes_b[1]) == 0 &&
		       ((bytes_a[0] ^ bytes_b[0]) & bytes_a[1]) == 0;
	case MATCH_KIND_PROTOS:
		return protos_cover(a, b);
	case MATCH_KIND_PREFIXES:
		list_a = match_list(a, key);
		list_b = match_list(b, key);
		return prefixes_cover(&list_a, &list_b, families, steps);
	case MATCH_KIND_RANGES:
	case MATCH_KIND_SPANS:
	case MATCH_KIND_MACS:
		list_a = match_list(a, key);
		list_b = match_list(b, key);
		return spans_cover(&list_a, &list_b, key->kind, steps);
	default:
		return false;
	}
}

bool
cfg_match_covers(const struct match *a, uint64_t keys, const struct match *b, uint64_t *steps)
{
	const uint8_t families = cfg_match_families(b);
	bool covers = takes_step(steps);

	CONTRACT(keys == match_keys_of(a));
	while (keys != 0 && covers)
		covers = key_covers(match_keys_next(&keys), a, b, families, steps);
	return covers;
}
