// SPDX-License-Identifier: BSD-3-Clause
#include "packet/craft.h"

#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#define TTL                64 // RFC 1700, of a host that sends
#define IPV4_MESSAGE_MAX   576
#define IPV6_MESSAGE_MAX   1280
#define ICMPV4_UNREACHABLE 3
#define ICMPV6_UNREACHABLE 1
#define ICMP_HEADER_LEN    8

static inline bool
is_ipv4(const struct pkt *pkt)
{
	return pkt->family == FAMILY_IPV4;
}

// What stands in front of the answer's layer 4.
static uint32_t
ip_header_len(const struct pkt *pkt)
{
	return is_ipv4(pkt) ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
}

// The frame gets the packet's layer 2, turned, and room for len bytes behind it. Returns where they
// begin, NULL when the frame is too small.
static uint8_t *
begin(const struct pkt *pkt, struct rte_mbuf *frame, uint32_t len)
{
	const uint32_t size = pkt->l3_off + len;
	uint8_t *to;
	const uint8_t *from;

	if (size > rte_pktmbuf_tailroom(frame))
		return NULL;
	to = (uint8_t *)rte_pktmbuf_append(frame, (uint16_t)size);
	from = rte_pktmbuf_read(pkt->mbuf, 0, pkt->l3_off, to);
	if (from != to)
		memcpy(to, from, pkt->l3_off);
	for (unsigned int i = 0; i < RTE_ETHER_ADDR_LEN; i++)
		RTE_SWAP(to[i], to[i + RTE_ETHER_ADDR_LEN]);
	return to + pkt->l3_off;
}

static void
write_ipv4(const struct pkt *pkt, struct rte_ipv4_hdr *ip, uint16_t l4_len, uint16_t fragment)
{
	const struct tuple *tuple = &pkt->tuple;

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + l4_len)),
		.fragment_offset = rte_cpu_to_be_16(fragment),
		.time_to_live = TTL,
		.src_addr = tuple->dst.v4,
		.dst_addr = tuple->src.v4,
	};
}

static void
write_ipv6(const struct pkt *pkt, struct rte_ipv6_hdr *ip, uint8_t proto, uint16_t l4_len)
{
	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
		.payload_len = rte_cpu_to_be_16(l4_len),
		.proto = proto,
		.hop_limits = TTL,
	};
	memcpy(ip->src_addr, pkt->tuple.dst.v6, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, pkt->tuple.src.v6, sizeof(ip->dst_addr));
}

// What a reset acknowledges of a segment that acknowledges nothing itself: all of it (RFC 9293,
// 3.10.7.1). The data offset is taken at its word, as Linux does.
static uint32_t
end_of(const struct pkt *pkt, const struct rte_tcp_hdr *tcp)
{
	const uint32_t n_flags = ((tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0) +
				 ((tcp->tcp_flags & RTE_TCP_FIN_FLAG) != 0);

	return rte_be_to_cpu_32(tcp->sent_seq) + n_flags + pkt->l4_len -
	       (uint32_t)(tcp->data_off >> 4) * 4;
}

static struct rte_tcp_hdr
reset_of(const struct pkt *pkt, const struct rte_tcp_hdr *tcp)
{
	struct rte_tcp_hdr reset = {
		.src_port = tcp->dst_port,
		.dst_port = tcp->src_port,
		.data_off = sizeof(reset) / 4 << 4,
		.tcp_flags = RTE_TCP_RST_FLAG,
	};

	if ((tcp->tcp_flags & RTE_TCP_ACK_FLAG) != 0) {
		reset.sent_seq = tcp->recv_ack;
	} else {
		reset.tcp_flags |= RTE_TCP_ACK_FLAG;
		reset.recv_ack = rte_cpu_to_be_32(end_of(pkt, tcp));
	}
	return reset;
}

bool
craft_tcp_reset(const struct pkt *pkt, struct rte_mbuf *frame)
{
	struct rte_tcp_hdr scratch;
	const struct rte_tcp_hdr *tcp = pkt_bytes(pkt, pkt->l4_off, sizeof(scratch), &scratch);
	uint8_t *ip = begin(pkt, frame, ip_header_len(pkt) + (uint32_t)sizeof(*tcp));
	struct rte_tcp_hdr *reset;

	if (ip == NULL)
		return false;
	reset = (struct rte_tcp_hdr *)(ip + ip_header_len(pkt));
	*reset = reset_of(pkt, tcp);
	if (is_ipv4(pkt)) {
		struct rte_ipv4_hdr *header = (struct rte_ipv4_hdr *)ip;

		// Nobody has to fragment so small a datagram, so it needs no identification (RFC
		// 6864).
		write_ipv4(pkt, header, sizeof(*reset), RTE_IPV4_HDR_DF_FLAG);
		header->next_proto_id = PROTO_TCP;
		header->hdr_checksum = rte_ipv4_cksum(header);
		reset->cksum = rte_ipv4_udptcp_cksum(header, reset);
	} else {
		write_ipv6(pkt, (struct rte_ipv6_hdr *)ip, PROTO_TCP, sizeof(*reset));
		reset->cksum = rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)ip, reset);
	}
	return true;
}

// The packet as it came, from its IP header on.
static void
quote(const struct pkt *pkt, uint8_t *to, uint32_t len)
{
	const uint8_t *from = rte_pktmbuf_read(pkt->mbuf, pkt->l3_off, len, to);

	if (from != to)
		memcpy(to, from, len);
}

static uint32_t
quoted_len(const struct pkt *pkt)
{
	const uint32_t message = is_ipv4(pkt) ? IPV4_MESSAGE_MAX : IPV6_MESSAGE_MAX;

	return RTE_MIN(pkt->l3_len, message - ip_header_len(pkt) - ICMP_HEADER_LEN);
}

// The identification is that of the packet, so that the errors a host gets about its packets have
// as many of them as these. It may be fragmented where less than 576 bytes go through.
static void
finish_ipv4_error(const struct pkt *pkt, uint8_t *ip, struct rte_icmp_hdr *icmp, uint16_t len)
{
	struct rte_ipv4_hdr *header = (struct rte_ipv4_hdr *)ip;
	const struct rte_ipv4_hdr *quoted = (const struct rte_ipv4_hdr *)(icmp + 1);

	write_ipv4(pkt, header, len, 0);
	header->next_proto_id = PROTO_ICMP;
	header->packet_id = quoted->packet_id;
	header->hdr_checksum = rte_ipv4_cksum(header);
	icmp->icmp_type = ICMPV4_UNREACHABLE;
	icmp->icmp_cksum = (uint16_t)~rte_raw_cksum(icmp, len);
}

static void
finish_ipv6_error(const struct pkt *pkt, uint8_t *ip, struct rte_icmp_hdr *icmp, uint16_t len)
{
	struct rte_ipv6_hdr *header = (struct rte_ipv6_hdr *)ip;

	write_ipv6(pkt, header, PROTO_ICMPV6, len);
	icmp->icmp_type = ICMPV6_UNREACHABLE;
	icmp->icmp_cksum = rte_ipv6_udptcp_cksum(header, icmp);
}

bool
craft_unreachable(const struct pkt *pkt, uint8_t code, struct rte_mbuf *frame)
{
	const uint32_t len = ICMP_HEADER_LEN + quoted_len(pkt);
	uint8_t *ip = begin(pkt, frame, ip_header_len(pkt) + len);
	struct rte_icmp_hdr *icmp;

	if (ip == NULL)
		return false;
	icmp = (struct rte_icmp_hdr *)(ip + ip_header_len(pkt));
	*icmp = (struct rte_icmp_hdr){.icmp_code = code};
	quote(pkt, (uint8_t *)(icmp + 1), quoted_len(pkt));
	if (is_ipv4(pkt))
		finish_ipv4_error(pkt, ip, icmp, (uint16_t)len);
	else
		finish_ipv6_error(pkt, ip, icmp, (uint16_t)len);
	return true;
}
