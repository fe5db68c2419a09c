// SPDX-License-Identifier: BSD-3-Clause
#include "packet/checksum.h"

#include <rte_ip.h>

static uint32_t
sum_words(uint32_t sum, const void *bytes, unsigned int len)
{
	return sum + rte_raw_cksum(bytes, len);
}

// The sum of the pseudo header: RFC 768, RFC 9293; RFC 8200 section 8.1 for IPv6. UDP-Lite puts
// the length of the whole datagram there, not the coverage (RFC 3828).
static uint32_t
pseudo_header(const struct pkt *pkt)
{
	uint32_t sum = rte_cpu_to_be_16(pkt->tuple.proto) + rte_cpu_to_be_16(pkt->l4_len);
	unsigned int len = pkt->family == FAMILY_IPV4 ? 4 : 16;

	if (pkt->family == FAMILY_IPV4 && pkt->tuple.proto == PROTO_ICMP)
		return 0;
	sum = sum_words(sum, &pkt->tuple.src, len);
	return sum_words(sum, &pkt->tuple.dst, len);
}

bool
checksum_l4_good(const struct pkt *pkt, uint16_t coverage)
{
	uint32_t sum;
	uint16_t data;

	switch (pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
	case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
		return true;
	case RTE_MBUF_F_RX_L4_CKSUM_BAD:
		return false;
	default:
		break;
	}
	if (rte_raw_cksum_mbuf(pkt->mbuf, pkt->l4_off, coverage, &data) != 0)
		return false;
	sum = pseudo_header(pkt) + data;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}
