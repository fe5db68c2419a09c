// SPDX-License-Identifier: BSD-3-Clause
//
// Internet checksums (RFC 1071), verified as conntrack does: unless the NIC vouched for the packet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// The sum of the 16-bit words of len bytes from off, wherever segments end; it is 0xffff when their
// own right checksum is among them. Returns false when the packet has no such bytes.
// => rte_raw_cksum_mbuf of DPDK 22.11 loses carries behind a segment of odd length. Any thread.
bool checksum_sum(const struct rte_mbuf *mbuf, uint32_t off, uint32_t len, uint16_t *sum);

// The same as checksum_l4_good, whatever the NIC says.
bool checksum_l4_sum_good(const struct pkt *pkt, uint16_t coverage);

// True when the Internet checksum over the pseudo header of the packet's addresses, its
// protocol and coverage, and the first coverage bytes of layer 4 is right, or the NIC says so.
// => coverage is at most pkt.l4_len. ICMP of IPv4 has no pseudo header. Worker only.
static inline bool
checksum_l4_good(const struct pkt *pkt, uint16_t coverage)
{
	uint64_t nic_says = pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (nic_says == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	return nic_says != RTE_MBUF_F_RX_L4_CKSUM_BAD && checksum_l4_sum_good(pkt, coverage);
}

// True when the CRC32c of an SCTP packet (RFC 9260, appendix A) is right, or the NIC says so.
// => pkt.l4_len is at least 12. Worker only.
bool checksum_sctp_good(const struct pkt *pkt);
