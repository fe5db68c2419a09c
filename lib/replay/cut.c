// SPDX-License-Identifier: BSD-3-Clause
#include "replay/cut.h"

#include <rte_ether.h>
#include <rte_ip.h>

#include "base/contract.h"
#include "frag/place.h"
#include "packet/parse.h"

#define QUOTED_BYTES 8 // of layer 4, the least that an ICMP error quotes (RFC 792)

// Bytes of layer 4 that are needed to judge a packet: the fixed header, for SCTP also that of its
// first chunk. None for protocols that are not listed.
static const uint8_t fixed_len[UINT8_MAX + 1] = {
	[PROTO_ICMP] = 8, [PROTO_TCP] = 20,   [PROTO_UDP] = 8,   [PROTO_DCCP] = 12,
	[PROTO_GRE] = 4,  [PROTO_ICMPV6] = 8, [PROTO_SCTP] = 16, [PROTO_UDPLITE] = 8,
};

// Length of the layer 3 header without extensions, 0 if not IP.
static uint32_t
l3_header_len(const struct pkt *pkt)
{
	uint8_t scratch;
	const uint8_t *first = rte_pktmbuf_read(pkt->mbuf, pkt->l3_off, 1, &scratch);

	switch (pkt->ethertype) {
	case RTE_ETHER_TYPE_IPV6:
		return sizeof(struct rte_ipv6_hdr);
	case RTE_ETHER_TYPE_IPV4:
		return first == NULL ? (uint32_t)sizeof(struct rte_ipv4_hdr)
				     : RTE_MAX((*first & 0xfu) * 4,
					       (uint32_t)sizeof(struct rte_ipv4_hdr));
	default:
		return 0;
	}
}

// The same for a fragment: only the first one has a layer 4 header, or the beginning of one.
static uint32_t
l4_header_len_of_fragment(const struct pkt *pkt)
{
	struct frag_place place;

	if (frag_place_read(pkt, &place) != FRAG_PLACE_GOOD || place.off > 0)
		return 0;
	return RTE_MIN((uint32_t)fixed_len[pkt->tuple.proto], place.end);
}

// Bytes of layer 4 that are needed.
static uint32_t
l4_header_len(const struct pkt *pkt)
{
	uint32_t len = fixed_len[pkt->tuple.proto];

	if (pkt->is_fragment)
		return l4_header_len_of_fragment(pkt);
	if (icmp_is_error(pkt))
		len += QUOTED_BYTES + (uint32_t)(pkt->family == FAMILY_IPV4
							 ? sizeof(struct rte_ipv4_hdr)
							 : sizeof(struct rte_ipv6_hdr));
	return RTE_MIN(len, (uint32_t)pkt->l4_len);
}

enum cut
cut_find(const struct pkt *pkt, uint32_t captured_len)
{
	uint32_t l3_len;

	CONTRACT(pkt->l3_off > 0 || pkt->fault != FAULT_NONE);
	if (captured_len >= pkt->mbuf->pkt_len)
		return CUT_NONE;
	if (captured_len < RTE_ETHER_HDR_LEN || captured_len < pkt->l3_off)
		return CUT_HEADERS;
	l3_len = l3_header_len(pkt);
	if (captured_len < pkt->l3_off + l3_len)
		return CUT_HEADERS;
	// A packet that is not IP, or malformed, would be so with all of its bytes.
	if (pkt->family == FAMILY_NONE || captured_len >= pkt->l3_off + pkt->l3_len)
		return CUT_NONE;
	return captured_len < pkt->l4_off + l4_header_len(pkt) ? CUT_HEADERS : CUT_PAYLOAD;
}
