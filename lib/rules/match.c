// SPDX-License-Identifier: BSD-3-Clause
#include "rules/match.h"

#include <stdlib.h>
#include <string.h>

// A set of small numbers as a bit mask, empty: any.
static bool
set_holds(uint32_t set, unsigned int member)
{
	return set == 0 || (member < 32 && (set >> member & 1) != 0);
}

static bool
masked_holds(uint32_t value, uint32_t mask, uint32_t found)
{
	return ((found ^ value) & mask) == 0;
}

static bool
protos_hold(const struct match *match, uint8_t proto)
{
	return match->n_protos == 0 || memchr(match->protos, proto, match->n_protos) != NULL;
}

static bool
ranges_hold(const struct range ranges[], unsigned int n, uint16_t value)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ranges[i].low <= value && value <= ranges[i].high)
			return true;
	}
	return n == 0;
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
prefixes_hold(const struct prefix prefixes[], unsigned int n, uint8_t family,
	      const union address *address)
{
	for (unsigned int i = 0; i < n; i++) {
		if (prefixes[i].family == family && prefix_holds(&prefixes[i], address))
			return true;
	}
	return n == 0;
}

static bool
l4_holds(const struct match *match, const struct pkt *pkt)
{
	if (match->n_sport + match->n_dport > 0) {
		if (!pkt->has_ports ||
		    !ranges_hold(match->sport, match->n_sport, pkt->tuple.src_field) ||
		    !ranges_hold(match->dport, match->n_dport, pkt->tuple.dst_field))
			return false;
	}
	if (match->n_icmp_type + match->n_icmp_code > 0) {
		if (!pkt_has_icmp_type(pkt) ||
		    !ranges_hold(match->icmp_type, match->n_icmp_type, pkt->icmp_type) ||
		    !ranges_hold(match->icmp_code, match->n_icmp_code, pkt->icmp_code))
			return false;
	}
	return match->tcp_flags_mask == 0 ||
	       (pkt_has_tcp_flags(pkt) &&
		masked_holds(match->tcp_flags, match->tcp_flags_mask, pkt->tcp_flags));
}

bool
match_holds(const struct match *match, const struct pkt *pkt)
{
	return set_holds(match->families, family_index(pkt->family)) &&
	       set_holds(match->in_ports, pkt->in_port) &&
	       set_holds(match->out_ports, pkt->out_port) &&
	       set_holds(match->classes, pkt->class) && set_holds(match->dirs, pkt->dir) &&
	       (match->helper == 0 || match->helper == pkt->helper) &&
	       (!match->has_zone || match->zone == pkt->tuple.zone) &&
	       masked_holds(match->mark.value, match->mark.mask, pkt->mark) &&
	       protos_hold(match, pkt->tuple.proto) &&
	       prefixes_hold(match->src, match->n_src, pkt->family, &pkt->tuple.src) &&
	       prefixes_hold(match->dst, match->n_dst, pkt->family, &pkt->tuple.dst) &&
	       l4_holds(match, pkt);
}

// A copy of n elements, NULL for none. Clears *is_complete when memory runs out.
static void *
copy_list(const void *from, unsigned int n, size_t size, bool *is_complete)
{
	void *to;

	if (n == 0)
		return NULL;
	to = malloc(n * size);
	if (to == NULL)
		*is_complete = false;
	else
		memcpy(to, from, n * size);
	return to;
}

bool
match_copy(const struct match *from, struct match *to)
{
	bool is_complete = true;

	*to = *from;
	to->protos = copy_list(from->protos, from->n_protos, sizeof(*to->protos), &is_complete);
	to->src = copy_list(from->src, from->n_src, sizeof(*to->src), &is_complete);
	to->dst = copy_list(from->dst, from->n_dst, sizeof(*to->dst), &is_complete);
	to->sport = copy_list(from->sport, from->n_sport, sizeof(*to->sport), &is_complete);
	to->dport = copy_list(from->dport, from->n_dport, sizeof(*to->dport), &is_complete);
	to->icmp_type =
		copy_list(from->icmp_type, from->n_icmp_type, sizeof(*to->icmp_type), &is_complete);
	to->icmp_code =
		copy_list(from->icmp_code, from->n_icmp_code, sizeof(*to->icmp_code), &is_complete);
	return is_complete;
}

void
match_fini(struct match *match)
{
	free(match->protos);
	free(match->src);
	free(match->dst);
	free(match->sport);
	free(match->dport);
	free(match->icmp_type);
	free(match->icmp_code);
}
