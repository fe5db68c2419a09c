// SPDX-License-Identifier: BSD-3-Clause
//
// From bytes to meaning: the first stage of a packet's path.
#pragma once

#include <stdbool.h>

#include "packet/hash.h"
#include "packet/packet.h"

// Fills the parse group of pkt from its mbuf. Ethernet with any number of 802.1Q and 802.1ad tags,
// IPv4 with options, IPv6 with hop-by-hop, routing, destination options, authentication and
// fragment headers (RFC 8200), and the fields of the tuple as packet/tuple.h lists them.
// => pkt.fault is FAULT_NONE if everything could be read; up to FAULT_L3_LAST nothing after the
//    Ethernet header may be used; above that, family, addresses, proto and the offsets are valid.
// => A frame that is not IP has family FAMILY_NONE and its ethertype.
// => A packet may be parsed again if it gets another mbuf; its zone is kept. pkt.fragments tells
//    whether it was reassembled.
// => Never reads outside the packet. Worker only.
void packet_parse(struct pkt *pkt);

// What a frame without an IP packet carries: ARP, LLDP, the BPDUs of spanning tree (IEEE 802.1D),
// or something else.
// => pkt has been parsed, its family is FAMILY_NONE and its fault FAULT_NONE.
enum non_ip packet_non_ip(const struct pkt *pkt);

// The tuple whose two addresses choose the packet's home. An ICMP error has the home of the flow
// that it quotes; a fragment has that of its own addresses.
// => pkt has been parsed and its family is not FAMILY_NONE. The result points into pkt or room. Any
//    thread.
const struct tuple *packet_home_tuple(const struct pkt *pkt, struct tuple *room);

// hash_home of that tuple. Any thread.
uint32_t packet_home(const struct pkt *pkt, const struct hash_secret *secret);

// The length in bytes of an IPv6 extension header from its first two bytes; 0 if it is none (RFC
// 8200, RFC 4302). Any thread.
uint32_t ipv6_extension_len(uint8_t proto, const uint8_t *bytes);

// True for ICMP types that quote another packet: 3, 4, 5, 11 and 12; in ICMPv6 all below 128 and
// the redirect, 137 (RFC 792, RFC 4443, RFC 4861).
bool icmp_is_error(const struct pkt *pkt);

// The tuple of the packet quoted in an ICMP error, as seen by that packet's sender.
// => pkt has been parsed and icmp_is_error holds. Returns FAULT_NONE, or the fault of the
//    quotation; then *inner has the addresses if they could be read, and is all zero otherwise.
enum fault packet_parse_inner(const struct pkt *pkt, struct tuple *inner);
