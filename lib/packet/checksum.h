// SPDX-License-Identifier: BSD-3-Clause
//
// Checks Internet checksums (RFC 1071) as conntrack does: only if the NIC has not verified the
// packet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// The sum of the 16-bit words of len bytes from off, across segments; it is 0xffff if they include
// their own correct checksum. Returns false if the packet does not have these bytes.
// => Used instead of rte_raw_cksum_mbuf, which in DPDK 22.11 loses carries after a segment of odd
//    length. Any thread.
bool checksum_sum(const struct rte_mbuf *mbuf, uint32_t off, uint32_t len, uint16_t *sum);

// Like checksum_l4_good, but ignores what the NIC says.
bool checksum_l4_sum_good(const struct pkt *pkt, uint16_t coverage);

// True when the Internet checksum over the pseudo header of the packet's addresses, its protocol
// and coverage, and the first coverage bytes of layer 4 is correct, or the NIC says so.
// => coverage is at most pkt.l4_len. ICMP of IPv4 has no pseudo header. Worker only.
static inline bool
checksum_l4_good(const struct pkt *pkt, uint16_t coverage)
{
	uint64_t nic_says = pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (nic_says == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	return nic_says != RTE_MBUF_F_RX_L4_CKSUM_BAD && checksum_l4_sum_good(pkt, coverage);
}

// True when the CRC32c of an SCTP packet (RFC 9260, appendix A) is correct, or the NIC says so.
// => pkt.l4_len is at least 12. Worker only.
bool checksum_sctp_good(const struct pkt *pkt);
