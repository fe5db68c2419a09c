// SPDX-License-Identifier: BSD-3-Clause
//
// Checks Internet checksums (RFC 1071) as conntrack does: only if the NIC has not verified the
// packet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "packet/glance.h"
#include "packet/packet.h"

// The sum of the 16-bit words of len bytes from off, across segments; it is 0xffff if they include
// their own correct checksum. Returns false if the packet does not have these bytes.
// => Used instead of rte_raw_cksum_mbuf, which in DPDK 22.11 loses carries after a segment of odd
//    length. Any thread.
bool checksum_sum(const struct rte_mbuf *mbuf, uint32_t off, uint32_t len, uint16_t *sum);

// True when the NIC says that the header's checksum is right or, when it says nothing, the words of
// a header without options do (RFC 1071). => The header is there, all 20 bytes.
static inline bool
checksum_ipv4_good(const struct rte_mbuf *mbuf, const void *header)
{
	uint32_t words[5];
	uint64_t sum = 0;

	if ((mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return true;
	if ((mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		return false;
	memcpy(words, header, sizeof(words));
	for (unsigned int i = 0; i < RTE_DIM(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return sum % 0xffff == 0;
}

// What the NIC says of the checksum of layer 4.
static inline bool
checksum_nic_says(const struct rte_mbuf *mbuf, uint64_t flag)
{
	return (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == flag;
}

// Like checksum_l4_good, but ignores what the NIC says.
bool checksum_l4_sum_good(const struct pkt *pkt, uint16_t coverage);

// True when the Internet checksum over the pseudo header of the packet's addresses, its protocol
// and coverage, and the first coverage bytes of layer 4 is correct, or the NIC says so.
// => coverage is at most pkt.l4_len. ICMP of IPv4 has no pseudo header. Worker only.
static inline bool
checksum_l4_good(const struct pkt *pkt, uint16_t coverage)
{
	if (checksum_nic_says(pkt->mbuf, RTE_MBUF_F_RX_L4_CKSUM_GOOD))
		return true;
	return !checksum_nic_says(pkt->mbuf, RTE_MBUF_F_RX_L4_CKSUM_BAD) &&
	       checksum_l4_sum_good(pkt, coverage);
}

// checksum_l4_sum_good for all of layer 4 of a packet that was given a glance.
bool checksum_glance_sum_good(const struct rte_mbuf *mbuf, const struct glance *glance);

// checksum_l4_good likewise.
static inline bool
checksum_glance_good(const struct rte_mbuf *mbuf, const struct glance *glance)
{
	if (checksum_nic_says(mbuf, RTE_MBUF_F_RX_L4_CKSUM_GOOD))
		return true;
	return !checksum_nic_says(mbuf, RTE_MBUF_F_RX_L4_CKSUM_BAD) &&
	       checksum_glance_sum_good(mbuf, glance);
}

// True when the CRC32c of an SCTP packet (RFC 9260, appendix A) is correct, or the NIC says so.
// => pkt.l4_len is at least 12. Worker only.
bool checksum_sctp_good(const struct pkt *pkt);
