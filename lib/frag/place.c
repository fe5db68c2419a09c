// SPDX-License-Identifier: BSD-3-Clause
//
// IPv4 describes fragments in the fixed header. In IPv6 the first fragment header of the chain
// counts; a later one belongs to the reassembled packet. An atomic fragment is the only one of its
// datagram, but is treated like any other: as in the kernel, it overlaps fragments with the same
// key, although RFC 6946 demands to process it separately.
//
// An IPv6 packet with payload length 0 contains no fragment: RFC 2675, 3 says so of jumbograms, and
// the kernel treats all others alike.
//
// A first IPv6 fragment that ends within the upper layer header is not held: RFC 8200, 4.5 forbids
// it, and the kernel passes it on to conntrack.
#include "frag/place.h"

#include <rte_ip.h>

#include "packet/parse.h"

#define TCP_HEADER    20
#define UDP_HEADER    8
#define ICMPV6_HEADER 8

static uint16_t
be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t
packet_end(const struct pkt *pkt)
{
	return pkt->l3_off + pkt->l3_len;
}

static enum frag_place_kind
read_ipv4(const struct pkt *pkt, struct frag_place *place)
{
	struct rte_ipv4_hdr scratch;
	const struct rte_ipv4_hdr *ip = pkt_bytes(pkt, pkt->l3_off, sizeof(scratch), &scratch);
	uint16_t fragment;

	if (ip == NULL)
		return FRAG_PLACE_NONE;
	fragment = rte_be_to_cpu_16(ip->fragment_offset);
	place->id = rte_be_to_cpu_16(ip->packet_id);
	place->proto = ip->next_proto_id;
	place->ecn = ip->type_of_service & 3;
	place->more = (fragment & RTE_IPV4_HDR_MF_FLAG) != 0;
	place->off = (uint32_t)(fragment & RTE_IPV4_HDR_OFFSET_MASK) * RTE_IPV4_HDR_OFFSET_UNITS;
	place->payload_off = pkt->l3_off + rte_ipv4_hdr_len(ip);
	place->head = (struct frag_head){.l3_off = pkt->l3_off, .len = place->payload_off};
	return FRAG_PLACE_GOOD;
}

// The offset of the next-header field that announces the first fragment header; 0 if the chain does
// not lead to one. *header_off is where that header begins.
static uint32_t
find_fragment_header(const struct pkt *pkt, uint32_t *header_off)
{
	uint32_t next_off = pkt->l3_off + (uint32_t)offsetof(struct rte_ipv6_hdr, proto);
	uint32_t off = pkt->l3_off + (uint32_t)sizeof(struct rte_ipv6_hdr);
	uint8_t scratch[2];
	const uint8_t *bytes = pkt_bytes(pkt, next_off, 1, scratch);

	while (bytes != NULL && bytes[0] != IPPROTO_FRAGMENT) {
		uint8_t proto = bytes[0];
		uint32_t len;

		bytes = pkt_bytes(pkt, off, sizeof(scratch), scratch);
		len = bytes == NULL ? 0 : ipv6_extension_len(proto, bytes);
		if (len == 0)
			return 0;
		next_off = off;
		off += len;
	}
	*header_off = off;
	return bytes == NULL || off > packet_end(pkt) ? 0 : next_off;
}

// True when the upper layer header begins in this fragment, the first one, but does not end in it.
// A chain of headers that is cut off before that is held.
static bool
ends_too_early(const struct pkt *pkt, uint32_t off)
{
	uint8_t proto = IPPROTO_FRAGMENT;
	uint32_t needed;

	for (;;) {
		static const uint8_t any[2] = {0, 0};
		uint8_t scratch[4];
		uint32_t n = proto == IPPROTO_FRAGMENT ? 4 : 2;
		const uint8_t *bytes;

		if (proto == PROTO_NONE)
			return false;
		if (ipv6_extension_len(proto, any) == 0)
			break;
		bytes = pkt_bytes(pkt, off, n, scratch);
		if (bytes == NULL)
			return false;
		if (proto == IPPROTO_FRAGMENT && (be16(bytes + 2) & RTE_IPV6_EHDR_FO_MASK) != 0)
			return false;
		off += ipv6_extension_len(proto, bytes);
		proto = bytes[0];
	}
	needed = proto == PROTO_TCP      ? TCP_HEADER
		 : proto == PROTO_UDP    ? UDP_HEADER
		 : proto == PROTO_ICMPV6 ? ICMPV6_HEADER
					 : 1;
	return off + needed > packet_end(pkt);
}

static bool
says_length(const struct pkt *pkt)
{
	struct rte_ipv6_hdr scratch;
	const struct rte_ipv6_hdr *ip = pkt_bytes(pkt, pkt->l3_off, sizeof(scratch), &scratch);

	return ip != NULL && ip->payload_len != 0;
}

static enum frag_place_kind
read_ipv6(const struct pkt *pkt, struct frag_place *place)
{
	uint32_t header_off = 0;
	uint32_t next_off = find_fragment_header(pkt, &header_off);
	uint8_t scratch[8];
	const uint8_t *bytes;
	uint16_t fragment;

	if (!says_length(pkt) || next_off == 0 || ends_too_early(pkt, header_off))
		return FRAG_PLACE_NONE;
	bytes = pkt_bytes(pkt, header_off, sizeof(scratch), scratch);
	if (bytes == NULL)
		return FRAG_PLACE_CUT_OFF;
	fragment = be16(bytes + 2);
	place->more = (fragment & RTE_IPV6_EHDR_MF_MASK) != 0;
	place->off = fragment & RTE_IPV6_EHDR_FO_MASK;
	place->id = (uint32_t)be16(bytes + 4) << 16 | be16(bytes + 6);
	place->proto = 0;
	place->payload_off = header_off + (uint32_t)sizeof(scratch);
	place->head = (struct frag_head){
		.l3_off = pkt->l3_off,
		.len = header_off,
		.next_off = next_off,
		.next = bytes[0],
	};
	bytes = pkt_bytes(pkt, pkt->l3_off, 2, scratch);
	place->ecn = bytes[1] >> 4 & 3; // version, class of traffic, label: 4, 8 and 20 bits
	return FRAG_PLACE_GOOD;
}

enum frag_place_kind
frag_place_read(const struct pkt *pkt, struct frag_place *place)
{
	enum frag_place_kind kind =
		pkt->family == FAMILY_IPV4 ? read_ipv4(pkt, place) : read_ipv6(pkt, place);

	if (kind == FRAG_PLACE_GOOD)
		place->end = place->off + (packet_end(pkt) - place->payload_off);
	return kind;
}
