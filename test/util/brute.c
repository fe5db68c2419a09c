// SPDX-License-Identifier: BSD-3-Clause
#include "util/brute.h"

#include <stdbool.h>

#define BYTES_MAX 256 // enough for all headers of the tests

static bool
is_in_set(uint64_t set, unsigned int bit)
{
	return set == 0 || (bit < 64 && (set & UINT64_C(1) << bit) != 0);
}

static bool
is_listed(const struct match *match, uint8_t proto)
{
	bool found = match->n_protos == 0;

	for (unsigned int i = 0; i < match->n_protos; i++)
		found |= match->protos[i] == proto;
	return found;
}

static bool
is_in_range(const struct range *ranges, unsigned int n, unsigned int value)
{
	bool found = n == 0;

	for (unsigned int i = 0; i < n; i++)
		found |= value >= ranges[i].low && value <= ranges[i].high;
	return found;
}

// Bit by bit, from the front.
static bool
is_in_prefix(const struct prefix *prefixes, unsigned int n, uint8_t family,
	     const union address *address)
{
	bool found = n == 0;

	for (unsigned int i = 0; i < n; i++) {
		bool is_equal = prefixes[i].family == family;

		for (unsigned int bit = 0; is_equal && bit < prefixes[i].len; bit++) {
			unsigned int shift = 7 - bit % 8;

			is_equal = (prefixes[i].address.v6[bit / 8] >> shift & 1) ==
				   (address->v6[bit / 8] >> shift & 1);
		}
		found |= is_equal;
	}
	return found;
}

static bool
is_in_span(const struct span *spans, unsigned int n, uint64_t value)
{
	bool found = n == 0;

	for (unsigned int i = 0; i < n; i++)
		found |= value >= spans[i].low && value <= spans[i].high;
	return found;
}

static uint64_t
mac_at(const uint8_t *bytes)
{
	uint64_t mac = 0;

	for (unsigned int i = 0; i < 6; i++)
		mac += (uint64_t)bytes[i] << 8 * (5 - i);
	return mac;
}

// 0: not a fragment, 1: the first, 2: a later one.
static unsigned int
fragment_bit(const struct pkt *pkt, const uint8_t *ip)
{
	unsigned int next = 6, at = 40;

	if (!pkt->is_fragment)
		return 0;
	if (pkt->family == FAMILY_IPV4)
		return ip[6] % 32 == 0 && ip[7] == 0 ? 1 : 2;
	while (ip[next] != 44) {
		const unsigned int len =
			ip[next] == 51 ? 4u * (ip[at + 1] + 2u) : 8u * (ip[at + 1] + 1u);

		next = at;
		at += len;
	}
	return ip[at + 2] == 0 && ip[at + 3] < 8 ? 1 : 2;
}

static bool
is_in_account(const struct pkt *pkt, const struct span *spans, unsigned int n, uint64_t value)
{
	if (n == 0)
		return true;
	return pkt->conn != NULL && pkt->account.has_counters && is_in_span(spans, n, value);
}

// The keys that read the packet's bytes.
static bool
is_match_in_bytes(const struct match *match, const struct pkt *pkt)
{
	uint8_t scratch[BYTES_MAX];
	const uint32_t len = RTE_MIN(pkt->mbuf->pkt_len, (uint32_t)sizeof(scratch));
	const uint8_t *frame = rte_pktmbuf_read(pkt->mbuf, 0, len, scratch);
	const uint8_t *ip = frame + pkt->l3_off;
	const bool is_v4 = pkt->family == FAMILY_IPV4;
	const unsigned int traffic_class = is_v4 ? ip[1] : (ip[0] % 16 * 256u + ip[1]) / 16;
	const bool has_tag = frame[12] == 0x81 || frame[12] == 0x88 || frame[12] == 0x91
				     ? frame[13] == 0 || frame[13] == 0xa8
				     : false;

	return is_in_span(match->ttl, match->n_ttl, ip[is_v4 ? 8 : 7]) &&
	       is_in_span(match->length, match->n_length, pkt->l3_len) &&
	       is_in_span(match->dscp, match->n_dscp, traffic_class / 4) &&
	       is_in_span(match->ecn, match->n_ecn, traffic_class % 4) &&
	       is_in_span(match->vlan, match->n_vlan,
			  has_tag ? frame[14] % 16 * 256u + frame[15] : 4096) &&
	       is_in_span(match->src_mac, match->n_src_mac, mac_at(frame + 6)) &&
	       is_in_span(match->dst_mac, match->n_dst_mac, mac_at(frame)) &&
	       is_in_set(match->fragment, fragment_bit(pkt, ip)) &&
	       is_in_set(match->ip_options, is_v4 && ip[0] > 0x45) &&
	       is_in_set(match->extension_headers,
			 !is_v4 && (ip[6] == 0 || ip[6] == 43 || ip[6] == 44 || ip[6] == 51 ||
				    ip[6] == 60));
}

static bool
is_match(const struct match *match, const struct pkt *pkt)
{
	const struct tuple *tuple = &pkt->tuple;
	bool is_v4 = pkt->family == FAMILY_IPV4;
	bool is_icmp = pkt->has_tuple && tuple->proto == (is_v4 ? 1 : 58);
	bool is_tcp = pkt->has_ports && tuple->proto == 6;
	bool asks_ports = match->n_sport > 0 || match->n_dport > 0;
	bool asks_icmp = match->n_icmp_type > 0 || match->n_icmp_code > 0;

	if (asks_ports && !pkt->has_ports)
		return false;
	if (asks_icmp && !is_icmp)
		return false;
	if (match->tcp_flags_mask != 0 && !is_tcp)
		return false;
	return (match->ct_status == 0 ||
		(pkt->conn != NULL && (pkt->account.status & match->ct_status) != 0)) &&
	       is_in_account(pkt, match->ct_packets, match->n_ct_packets,
			     pkt->account.packets[DIR_ORIG] + pkt->account.packets[DIR_REPLY]) &&
	       is_in_account(pkt, match->ct_orig_packets, match->n_ct_orig_packets,
			     pkt->account.packets[DIR_ORIG]) &&
	       is_in_account(pkt, match->ct_reply_packets, match->n_ct_reply_packets,
			     pkt->account.packets[DIR_REPLY]) &&
	       is_in_account(pkt, match->ct_bytes, match->n_ct_bytes,
			     pkt->account.octets[DIR_ORIG] + pkt->account.octets[DIR_REPLY]) &&
	       is_in_account(pkt, match->ct_orig_bytes, match->n_ct_orig_bytes,
			     pkt->account.octets[DIR_ORIG]) &&
	       is_in_account(pkt, match->ct_reply_bytes, match->n_ct_reply_bytes,
			     pkt->account.octets[DIR_REPLY]) &&
	       (pkt->mbuf == NULL || is_match_in_bytes(match, pkt)) &&
	       is_in_set(match->in_ports, pkt->in_port) &&
	       is_in_set(match->out_ports, pkt->out_port) &&
	       is_in_set(match->families, is_v4 ? 0 : 1) && is_in_set(match->classes, pkt->class) &&
	       is_in_set(match->dirs, pkt->dir) &&
	       (match->helper == 0 || pkt->helper == match->helper) &&
	       (pkt->tcp_flags & match->tcp_flags_mask) ==
		       (match->tcp_flags & match->tcp_flags_mask) &&
	       (!match->has_zone || tuple->zone == match->zone) &&
	       (pkt->mark & match->mark.mask) == (match->mark.value & match->mark.mask) &&
	       is_listed(match, tuple->proto) &&
	       is_in_prefix(match->src, match->n_src, pkt->family, &tuple->src) &&
	       is_in_prefix(match->dst, match->n_dst, pkt->family, &tuple->dst) &&
	       is_in_range(match->sport, match->n_sport, tuple->src_field) &&
	       is_in_range(match->dport, match->n_dport, tuple->dst_field) &&
	       is_in_range(match->icmp_type, match->n_icmp_type, pkt->icmp_type) &&
	       is_in_range(match->icmp_code, match->n_icmp_code, pkt->icmp_code);
}

static void
count(struct rule_counter counters[], uint32_t number, struct pkt *pkt)
{
	counters[number].packets += 1;
	counters[number].bytes += pkt->l3_len;
	if (pkt->n_trail >= TRAIL_MAX) {
		pkt->n_trail = TRAIL_MAX + 1;
		return;
	}
	pkt->trail[pkt->n_trail] = number;
	pkt->n_trail++;
}

static uint16_t
vlan_zone(const struct pkt *pkt)
{
	uint8_t scratch[16];
	const uint8_t *frame = rte_pktmbuf_read(pkt->mbuf, 0, sizeof(scratch), scratch);
	const bool has_tag = frame[12] == 0x81 && frame[13] == 0;

	return has_tag ? (uint16_t)(frame[14] % 16 * 256 + frame[15]) : 0;
}

// What a matching rule does; true when it ends the chain.
static bool
apply(const struct rule *rule, struct pkt *pkt)
{
	pkt->mark &= ~rule->set_mark.mask;
	pkt->mark |= rule->set_mark.value & rule->set_mark.mask;
	if (rule->has_set_zone)
		pkt->tuple.zone = rule->zone_is_vlan ? vlan_zone(pkt) : rule->set_zone;
	pkt->set_helper = rule->set_helper != 0 ? rule->set_helper : pkt->set_helper;
	pkt->set_window = rule->set_window != 0 ? rule->set_window : pkt->set_window;
	switch (rule->action) {
	case ACTION_NONE:
		return false;
	case ACTION_ACCEPT:
		return true;
	case ACTION_DROP:
		pkt->verdict = VERDICT_DROP;
		return true;
	case ACTION_REJECT:
		pkt->verdict = VERDICT_REJECT;
		return true;
	case ACTION_NOTRACK:
		pkt->is_notrack = true;
		return true;
	}
	return true;
}

// The number of the first rule of a chain; for the chain after the last one, the number of all
// rules.
static unsigned int
first_rule(const struct brute *brute, unsigned int chain)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < chain; i++)
		n += brute->chains[i].n_rules;
	return n;
}

static void
apply_policy(struct brute *brute, unsigned int number, struct pkt *pkt)
{
	bool is_drop = brute->chains[number].policy == ACTION_DROP;

	count(brute->counters, first_rule(brute, brute->n_chains) + number, pkt);
	if (is_drop || pkt->rule == RULE_NONE) {
		pkt->verdict = is_drop ? VERDICT_DROP : VERDICT_PENDING;
		pkt->reason = REASON_DEFAULT;
		pkt->chain = (uint8_t)number;
		pkt->rule = RULE_NONE;
	}
}

void
brute_judge(struct brute *brute, unsigned int number, struct pkt *pkt)
{
	const struct chain *chain = &brute->chains[number];
	const unsigned int first = first_rule(brute, number);

	for (unsigned int i = 0; i < chain->n_rules; i++) {
		brute->n_compared++;
		if (!is_match(&chain->rules[i].match, pkt))
			continue;
		count(brute->counters, first + i, pkt);
		if (apply(&chain->rules[i], pkt)) {
			pkt->reason = REASON_RULE;
			pkt->chain = (uint8_t)number;
			pkt->rule = first + i;
			return;
		}
	}
	apply_policy(brute, number, pkt);
}
