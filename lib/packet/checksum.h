// SPDX-License-Identifier: BSD-3-Clause
//
// Layer 4 checksums, verified as conntrack does: unless the NIC vouched for the packet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// True when the Internet checksum (RFC 1071) over the pseudo header of the packet's addresses, its
// protocol and coverage, and the first coverage bytes of layer 4 is right, or the NIC says so.
// => coverage is at most pkt.l4_len. ICMP of IPv4 has no pseudo header. Worker only.
bool checksum_l4_good(const struct pkt *pkt, uint16_t coverage);

// True when the CRC32c of an SCTP packet (RFC 9260, appendix A) is right, or the NIC says so.
// => pkt.l4_len is at least 12. Worker only.
bool checksum_sctp_good(const struct pkt *pkt);
