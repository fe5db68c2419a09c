// SPDX-License-Identifier: BSD-3-Clause
//
// Frames that answer a packet, made as a host at the packet's destination would make them: the MAC
// addresses are turned, all VLAN tags are kept, source and destination change places. Pure
// functions; who may be answered at all is answerable.h's to say.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// Fills an empty frame with the TCP reset that ends what the packet belongs to (RFC
// 9293, 3.10.7.1): 20 bytes of TCP without options behind a plain IP header, time to live 64.
// => answerable_by_reset has said yes. false: the frame has no room for it.
bool craft_tcp_reset(const struct pkt *pkt, struct rte_mbuf *frame);

// Fills an empty frame with ICMP's destination unreachable of that code, type 3 of ICMP (RFC 792)
// or type 1 of ICMPv6 (RFC 4443). It quotes the packet from its IP header on, of IPv4 up to a
// message of 576 bytes (RFC 1812, 4.3.2.3), of IPv6 up to the least MTU, 1280 bytes.
// => answerable_by_icmp has said yes. false: the frame has no room for it.
bool craft_unreachable(const struct pkt *pkt, uint8_t code, struct rte_mbuf *frame);
