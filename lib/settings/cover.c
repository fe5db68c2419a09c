// SPDX-License-Identifier: BSD-3-Clause
#include "settings/cover.h"

#include <string.h>

#include <rte_common.h>

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
	return match->in_ports == 0 && match->out_ports == 0 && match->families == 0 &&
	       match->classes == 0 && match->dirs == 0 && match->helper == 0 &&
	       match->tcp_flags_mask == 0 && !match->has_zone && match->mark.mask == 0 &&
	       match->n_protos + match->n_src + match->n_dst + match->n_sport + match->n_dport +
			       match->n_icmp_type + match->n_icmp_code ==
		       0;
}

// Sets of bits, in which 0 is any.
static bool
bits_cover(uint32_t a, uint32_t b)
{
	return a == 0 || (b != 0 && (b & ~a) == 0);
}

static bool
prefix_covers(const struct prefix *a, const struct prefix *b)
{
	const unsigned int n_bytes = a->len / 8, n_bits = a->len % 8;
	const uint8_t *left = a->address.v6, *right = b->address.v6;

	return a->family == b->family && a->len <= b->len && memcmp(left, right, n_bytes) == 0 &&
	       (n_bits == 0 || (left[n_bytes] ^ right[n_bytes]) >> (8 - n_bits) == 0);
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

// families are those of packets that match b: only their prefixes matter.
static bool
prefixes_cover(const struct prefix a[], unsigned int n_a, const struct prefix b[], unsigned int n_b,
	       uint8_t families, uint64_t *steps)
{
	static const struct prefix all[] = {{.family = FAMILY_IPV4}, {.family = FAMILY_IPV6}};

	if (n_a == 0)
		return true;
	if (n_b == 0) {
		b = all;
		n_b = RTE_DIM(all);
	}
	for (unsigned int i = 0; i < n_b; i++) {
		if ((family_bit(&b[i]) & families) != 0 && !one_covers(a, n_a, &b[i], steps))
			return false;
	}
	return true;
}

// Several ranges may cover one together.
static bool
range_is_covered(const struct range list[], unsigned int n, struct range range, uint64_t *steps)
{
	uint32_t next = range.low; // the first number that is not covered yet
	bool is_found = true;

	while (next <= range.high && is_found) {
		is_found = false;
		for (unsigned int i = 0; i < n && !is_found && takes_step(steps); i++) {
			is_found = list[i].low <= next && next <= list[i].high;
			if (is_found)
				next = list[i].high + 1u;
		}
	}
	return is_found;
}

static bool
ranges_cover(const struct range a[], unsigned int n_a, const struct range b[], unsigned int n_b,
	     uint64_t *steps)
{
	for (unsigned int i = 0; i < n_b && n_a > 0; i++) {
		if (!range_is_covered(a, n_a, b[i], steps))
			return false;
	}
	return n_a == 0 || n_b > 0;
}

static bool
protos_cover(const struct match *a, const struct match *b)
{
	static const uint8_t with_ports[] = {PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP,
					     PROTO_DCCP};
	const uint8_t *protos = b->protos;
	unsigned int n = b->n_protos;

	if (a->n_protos == 0)
		return true;
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

// What a rule in between may have changed is hard to tell: marks, and zones.
static bool
values_cover(const struct match *a, const struct match *b)
{
	return a->mark.mask == 0 && !a->has_zone && (a->helper == 0 || a->helper == b->helper) &&
	       (a->tcp_flags_mask & ~b->tcp_flags_mask) == 0 &&
	       ((a->tcp_flags ^ b->tcp_flags) & a->tcp_flags_mask) == 0;
}

bool
cfg_match_covers(const struct match *a, const struct match *b, uint64_t *steps)
{
	const uint8_t families = cfg_match_families(b);

	return takes_step(steps) && values_cover(a, b) && bits_cover(a->in_ports, b->in_ports) &&
	       bits_cover(a->out_ports, b->out_ports) && bits_cover(a->families, families) &&
	       bits_cover(a->classes, b->classes) && bits_cover(a->dirs, b->dirs) &&
	       protos_cover(a, b) &&
	       ranges_cover(a->sport, a->n_sport, b->sport, b->n_sport, steps) &&
	       ranges_cover(a->dport, a->n_dport, b->dport, b->n_dport, steps) &&
	       ranges_cover(a->icmp_type, a->n_icmp_type, b->icmp_type, b->n_icmp_type, steps) &&
	       ranges_cover(a->icmp_code, a->n_icmp_code, b->icmp_code, b->n_icmp_code, steps) &&
	       prefixes_cover(a->src, a->n_src, b->src, b->n_src, families, steps) &&
	       prefixes_cover(a->dst, a->n_dst, b->dst, b->n_dst, families, steps);
}
