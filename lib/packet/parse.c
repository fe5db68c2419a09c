// SPDX-License-Identifier: BSD-3-Clause
#include "packet/parse.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "base/contract.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"

#define LENGTH_MAX       1500 // not an ethertype, but the length of an IEEE 802.3 frame
#define LLC_SAP_STP      0x42 // what spanning tree has in place of an ethertype
#define GRE_VERSION_MASK 0x0007
#define GRE_VERSION_PPTP 1
#define ETHERTYPE_PPP    0x880B // protocol of enhanced GRE (RFC 2637)

// Extension headers of IPv6 (RFC 8200, 4).
#define EXTENSION_READ          2 // bytes that say where the next header is, and which
#define EXTENSION_FRAGMENT_READ 4 // the same of a fragment header, whose offset is needed, too
#define EXTENSION_MAX           2048
#define OPTION_PAD1             0
#define OPTION_JUMBO            0xC2

// Where a layer 3 packet lies, while its headers are read. Used for the packet itself and for the
// one quoted inside an ICMP error.
struct view {
	const struct pkt *pkt;
	uint32_t off;     // of the layer 3 header
	uint32_t l4_off;  // set by the layer 3 readers
	uint32_t end;     // behind the last byte
	bool is_fragment; // more fragments follow, or the offset is not 0
	bool is_atomic;   // a fragment header says that it is not
	bool has_l4;      // the layer 4 header is in this packet: offset 0
	bool has_ports;
	bool has_call_id;
};

static const void *
view_bytes(const struct view *view, uint32_t off, uint32_t len, void *scratch)
{
	if (off + len > view->end)
		return NULL;
	return rte_pktmbuf_read(view->pkt->mbuf, off, len, scratch);
}

static uint16_t
be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

// Protocols whose tuple has ports in the first four bytes of the header.
static bool
read_ports(struct view *view, struct tuple *tuple)
{
	uint8_t scratch[4];
	const uint8_t *bytes = view_bytes(view, view->l4_off, sizeof(scratch), scratch);

	if (bytes == NULL)
		return false;
	tuple->src_field = be16(bytes);
	tuple->dst_field = be16(bytes + 2);
	view->has_ports = true;
	return true;
}

static bool
read_icmp(struct view *view, struct tuple *tuple)
{
	uint8_t scratch[8];
	const uint8_t *bytes = view_bytes(view, view->l4_off, sizeof(scratch), scratch);

	if (bytes == NULL)
		return false;
	tuple->src_field = be16(bytes + 4);
	tuple->dst_field = be16(bytes);
	return true;
}

// Only the PPTP version of GRE has something like ports; any other GRE is one flow per pair of
// addresses, and so is one too short to tell.
static enum fault
read_gre(struct view *view, struct tuple *tuple)
{
	uint8_t scratch[8];
	const uint8_t *bytes = view_bytes(view, view->l4_off, sizeof(scratch), scratch);

	if (bytes == NULL || (be16(bytes) & GRE_VERSION_MASK) != GRE_VERSION_PPTP)
		return FAULT_NONE;
	if (be16(bytes + 2) != ETHERTYPE_PPP)
		return FAULT_GRE_PPTP;
	tuple->dst_field = be16(bytes + 6);
	view->has_call_id = true;
	return FAULT_NONE;
}

static enum fault
read_l4(struct view *view, struct tuple *tuple)
{
	if (!view->has_l4)
		return FAULT_FRAGMENT;
	// DCCP may be tracked without its ports, and its tracker knows what is too short.
	if (proto_has_ports(tuple->proto))
		return read_ports(view, tuple) || tuple->proto == PROTO_DCCP ? FAULT_NONE
									     : FAULT_L4_SHORT;
	switch (tuple->proto) {
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if ((tuple->proto == PROTO_ICMP) != (tuple->family == FAMILY_IPV4))
			return FAULT_WRONG_FAMILY;
		return read_icmp(view, tuple) ? FAULT_NONE : FAULT_L4_SHORT;
	case PROTO_GRE:
		return read_gre(view, tuple);
	case PROTO_NONE:
		return tuple->family == FAMILY_IPV6 ? FAULT_NO_NEXT_HEADER : FAULT_NONE;
	default:
		return FAULT_NONE;
	}
}

static enum fault
read_ipv4(struct view *view, struct tuple *tuple, bool is_quoted)
{
	struct rte_ipv4_hdr scratch;
	const struct rte_ipv4_hdr *ip = view_bytes(view, view->off, sizeof(scratch), &scratch);
	uint32_t header_len, total_len;
	uint16_t fragment;

	if (ip == NULL)
		return FAULT_IPV4_SHORT;
	// A quotation follows the family of the error that carries it, whatever it says itself.
	if (!is_quoted && ip->version_ihl >> 4 != 4)
		return FAULT_IPV4_VERSION;
	header_len = (ip->version_ihl & 0xf) * 4;
	if (header_len < sizeof(*ip))
		return FAULT_IPV4_HEADER_LEN;
	total_len = rte_be_to_cpu_16(ip->total_length);
	// A quotation is cut short by its router; the length it speaks of is the original's.
	if (!is_quoted) {
		if (total_len < header_len)
			return FAULT_IPV4_TOTAL_LEN;
		if (view->off + total_len > view->end)
			return FAULT_IPV4_TRUNCATED;
		view->end = view->off + total_len;
	}
	if (view->off + header_len > view->end)
		return FAULT_IPV4_TRUNCATED;
	view->l4_off = view->off + header_len;
	fragment = rte_be_to_cpu_16(ip->fragment_offset);
	view->is_fragment = (fragment & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
	view->has_l4 = (fragment & RTE_IPV4_HDR_OFFSET_MASK) == 0;
	tuple->family = FAMILY_IPV4;
	tuple->proto = ip->next_proto_id;
	tuple->src.v4 = ip->src_addr;
	tuple->dst.v4 = ip->dst_addr;
	return FAULT_NONE;
}

uint32_t
ipv6_extension_len(uint8_t proto, const uint8_t *bytes)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (uint32_t)(bytes[1] + 1) * 8;
	case IPPROTO_AH:
		return (uint32_t)(bytes[1] + 2) * 4;
	case IPPROTO_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static bool
is_extension(uint8_t proto)
{
	static const uint8_t any_length[2] = {0, 0};

	return ipv6_extension_len(proto, any_length) != 0;
}

// Follows the chain of extension headers to the header the tuple is made from. As in the kernel,
// what is needed of each has to be there: its first bytes, not all of it.
static enum fault
skip_extensions(struct view *view, struct tuple *tuple)
{
	while (is_extension(tuple->proto) && view->has_l4) {
		uint8_t scratch[EXTENSION_FRAGMENT_READ];
		const uint32_t needed =
			tuple->proto == IPPROTO_FRAGMENT ? EXTENSION_FRAGMENT_READ : EXTENSION_READ;
		const uint8_t *bytes = view_bytes(view, view->l4_off, needed, scratch);
		uint8_t next;

		if (bytes == NULL) {
			view->is_fragment |= tuple->proto == IPPROTO_FRAGMENT;
			return FAULT_IPV6_EXTENSION;
		}
		next = bytes[0];
		if (tuple->proto == IPPROTO_FRAGMENT) {
			uint16_t fragment = be16(bytes + 2);

			view->has_l4 = (fragment & RTE_IPV6_EHDR_FO_MASK) == 0;
			view->is_fragment |=
				!view->has_l4 || (fragment & RTE_IPV6_EHDR_MF_MASK) != 0;
			view->is_atomic = !view->is_fragment;
		}
		view->l4_off += ipv6_extension_len(tuple->proto, bytes);
		tuple->proto = next; // maybe beyond the end, which its reader will notice
	}
	return FAULT_NONE;
}

// Hop-by-hop options that run out of their header, or a header that runs out of the packet, leave
// in doubt where anything else is. The Jumbo option (RFC 2675) lies about the length, or there
// would be more bytes than any frame has.
static enum fault
check_hop_by_hop(const struct view *view)
{
	uint8_t scratch[EXTENSION_MAX];
	const uint32_t off = view->off + (uint32_t)sizeof(struct rte_ipv6_hdr);
	const uint8_t *bytes = view_bytes(view, off, EXTENSION_READ, scratch);
	uint32_t at = EXTENSION_READ;
	uint32_t len;

	if (bytes == NULL)
		return FAULT_IPV6_HOP_BY_HOP;
	len = ipv6_extension_len(IPPROTO_HOPOPTS, bytes);
	bytes = view_bytes(view, off, len, scratch);
	if (bytes == NULL)
		return FAULT_IPV6_HOP_BY_HOP;
	while (at < len && bytes[at] != OPTION_JUMBO && (bytes[at] == OPTION_PAD1 || at + 1 < len))
		at += bytes[at] == OPTION_PAD1 ? 1 : 2u + bytes[at + 1];
	return at == len ? FAULT_NONE : FAULT_IPV6_HOP_BY_HOP;
}

// Where a packet that was not quoted ends. One of length 0 that has hop-by-hop options ends with
// its frame, as in the kernel: where a Jumbo option could be, but is none. What comes to stand
// behind the header only when fragments are put together is read by the receiver alone.
static enum fault
find_ipv6_end(struct view *view, const struct rte_ipv6_hdr *ip)
{
	const bool has_hop_by_hop = ip->proto == IPPROTO_HOPOPTS;
	const uint32_t total_len = (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);

	if (ip->payload_len != 0 || !has_hop_by_hop) {
		if (view->off + total_len > view->end)
			return FAULT_IPV6_TRUNCATED;
		view->end = view->off + total_len;
	} else if (view->end - view->off > sizeof(*ip) + UINT16_MAX) {
		return FAULT_IPV6_HOP_BY_HOP;
	}
	return has_hop_by_hop && view->pkt->fragments == NULL ? check_hop_by_hop(view) : FAULT_NONE;
}

static enum fault
read_ipv6(struct view *view, struct tuple *tuple, bool is_quoted)
{
	struct rte_ipv6_hdr scratch;
	const struct rte_ipv6_hdr *ip = view_bytes(view, view->off, sizeof(scratch), &scratch);

	if (ip == NULL)
		return FAULT_IPV6_SHORT;
	if (!is_quoted && rte_be_to_cpu_32(ip->vtc_flow) >> 28 != 6)
		return FAULT_IPV6_VERSION;
	if (!is_quoted) {
		enum fault fault = find_ipv6_end(view, ip);

		if (fault != FAULT_NONE)
			return fault;
	}
	view->l4_off = view->off + (uint32_t)sizeof(*ip);
	view->has_l4 = true;
	tuple->family = FAMILY_IPV6;
	tuple->proto = ip->proto;
	memcpy(tuple->src.v6, ip->src_addr, sizeof(tuple->src.v6));
	memcpy(tuple->dst.v6, ip->dst_addr, sizeof(tuple->dst.v6));
	return skip_extensions(view, tuple);
}

static bool
ipv4_any_checksum_good(const struct pkt *pkt, uint32_t header_len)
{
	uint16_t sum;

	switch (pkt->mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) {
	case RTE_MBUF_F_RX_IP_CKSUM_GOOD:
		return true;
	case RTE_MBUF_F_RX_IP_CKSUM_BAD:
		return false;
	default:
		return checksum_sum(pkt->mbuf, pkt->l3_off, header_len, &sum) && sum == 0xffff;
	}
}

// Skips Ethernet and its tags. Returns false when the frame ends before its ethertype.
static bool
parse_ethernet(struct pkt *pkt)
{
	uint32_t off = 2 * RTE_ETHER_ADDR_LEN;
	uint8_t scratch[2];

	for (;;) {
		const uint8_t *bytes = rte_pktmbuf_read(pkt->mbuf, off, sizeof(scratch), scratch);

		if (bytes == NULL || off > UINT16_MAX - 64)
			return false;
		pkt->ethertype = be16(bytes);
		off += 2;
		if (!ethertype_is_tag(pkt->ethertype))
			break;
		off += 2; // the tag's priority and VLAN id
	}
	pkt->l3_off = (uint16_t)off;
	return true;
}

static bool
is_icmpv6_error(uint8_t type)
{
	return type < 128 || type == 137;
}

// A fragment cannot be judged without the rest of its datagram. A first one of IPv6 that nobody
// would put together, see frag/place.c, is judged by itself, as in the kernel; not so an ICMP
// error, whose home would be another.
static bool
goes_on_alone(const struct tuple *tuple)
{
	return tuple->family == FAMILY_IPV6 &&
	       (tuple->proto != PROTO_ICMPV6 || !is_icmpv6_error((uint8_t)(tuple->dst_field >> 8)));
}

static enum fault
parse_ip(struct pkt *pkt)
{
	struct view view = {.pkt = pkt, .off = pkt->l3_off, .end = pkt->mbuf->pkt_len};
	bool is_ipv4 = pkt->ethertype == RTE_ETHER_TYPE_IPV4;
	enum fault fault = is_ipv4 ? read_ipv4(&view, &pkt->tuple, false)
				   : read_ipv6(&view, &pkt->tuple, false);

	if (fault != FAULT_NONE && fault <= FAULT_L3_LAST)
		return fault;
	pkt->l3_len = view.end - pkt->l3_off;
	if (is_ipv4 && !ipv4_any_checksum_good(pkt, view.l4_off - view.off))
		return FAULT_IPV4_CHECKSUM;
	pkt->family = pkt->tuple.family;
	pkt->l4_off = RTE_MIN(view.l4_off, view.end);
	pkt->l4_len = (uint16_t)(view.end - pkt->l4_off);
	pkt->is_fragment = view.is_fragment;
	pkt->is_atomic = view.is_atomic;
	if (fault == FAULT_NONE)
		fault = read_l4(&view, &pkt->tuple);
	pkt->has_ports = view.has_ports;
	pkt->has_call_id = view.has_call_id;
	pkt->has_tuple = fault == FAULT_NONE;
	if (fault == FAULT_NONE && pkt->is_fragment && !goes_on_alone(&pkt->tuple))
		fault = FAULT_FRAGMENT;
	return fault;
}

static void
parse_l4_facts(struct pkt *pkt)
{
	uint8_t scratch;

	if (pkt->tuple.proto == PROTO_TCP) {
		const uint8_t *flags = pkt_bytes(pkt, pkt->l4_off + 13u, 1, &scratch);

		pkt->tcp_flags = flags == NULL ? 0 : *flags;
	} else if (pkt->tuple.proto == PROTO_ICMP || pkt->tuple.proto == PROTO_ICMPV6) {
		pkt->icmp_type = (uint8_t)(pkt->tuple.dst_field >> 8);
		pkt->icmp_code = (uint8_t)pkt->tuple.dst_field;
	}
}

// Whatever was known of another frame; the zone is not of the frame.
static void
forget(struct pkt *pkt)
{
	pkt->family = FAMILY_NONE;
	pkt->fault = FAULT_NONE;
	pkt->is_plain = false;
	pkt->has_tuple = false;
	pkt->has_ports = false;
	pkt->has_call_id = false;
	pkt->is_fragment = false;
	pkt->is_atomic = false;
	pkt->tcp_flags = 0;
	pkt->icmp_type = 0;
	pkt->icmp_code = 0;
	pkt->tuple = (struct tuple){.zone = pkt->tuple.zone};
}

// Whatever is not common.
static __rte_noinline void
parse_any(struct pkt *pkt)
{
	forget(pkt);
	if (!parse_ethernet(pkt)) {
		pkt->fault = FAULT_ETHERNET_SHORT;
		return;
	}
	if (pkt->ethertype != RTE_ETHER_TYPE_IPV4 && pkt->ethertype != RTE_ETHER_TYPE_IPV6)
		return;
	pkt->fault = (uint8_t)parse_ip(pkt);
	if (pkt->family != FAMILY_NONE && pkt->has_tuple)
		parse_l4_facts(pkt);
}

// Where the headers of most packets lie: Ethernet without a tag, IPv4 without options.
#define COMMON_L3_OFF      RTE_ETHER_HDR_LEN
#define COMMON_L4_OFF      (RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr))
#define COMMON_VERSION_IHL 0x45

static inline uint32_t
common_l4_len(uint8_t proto)
{
	return proto == PROTO_TCP ? sizeof(struct rte_tcp_hdr) : sizeof(struct rte_udp_hdr);
}

// Whole TCP or UDP in IPv4, with nothing unusual in front. Returns false also when something may be
// wrong with it.
static inline bool
is_common(const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, const void *);
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, const void *, COMMON_L3_OFF);
	const rte_be16_t fragment =
		rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	uint32_t len, needed;

	if (mbuf->data_len < COMMON_L4_OFF ||
	    ethernet->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	    ip->version_ihl != COMMON_VERSION_IHL || (ip->fragment_offset & fragment) != 0 ||
	    (ip->next_proto_id != PROTO_TCP && ip->next_proto_id != PROTO_UDP))
		return false;
	needed = (uint32_t)COMMON_L4_OFF + common_l4_len(ip->next_proto_id);
	len = (uint32_t)COMMON_L3_OFF + rte_be_to_cpu_16(ip->total_length);
	return mbuf->data_len >= needed && len >= needed && len <= mbuf->pkt_len &&
	       checksum_ipv4_good(mbuf, ip);
}

// Says of a common packet what parse_any would say.
static inline void
parse_common(struct pkt *pkt)
{
	const struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(pkt->mbuf, const void *, COMMON_L3_OFF);
	const struct rte_tcp_hdr *l4 =
		rte_pktmbuf_mtod_offset(pkt->mbuf, const void *, COMMON_L4_OFF);

	pkt->ethertype = RTE_ETHER_TYPE_IPV4;
	pkt->l3_off = COMMON_L3_OFF;
	pkt->l4_off = COMMON_L4_OFF;
	pkt->l3_len = rte_be_to_cpu_16(ip->total_length);
	pkt->l4_len = (uint16_t)(pkt->l3_len - sizeof(*ip));
	pkt->family = FAMILY_IPV4;
	pkt->fault = FAULT_NONE;
	pkt->icmp_type = 0;
	pkt->icmp_code = 0;
	pkt->tcp_flags = ip->next_proto_id == PROTO_TCP ? l4->tcp_flags : 0;
	pkt->is_plain = true;
	pkt->has_tuple = true;
	pkt->has_ports = true;
	pkt->has_call_id = false;
	pkt->is_fragment = false;
	pkt->is_atomic = false;
	pkt->tuple = (struct tuple){
		.src_field = rte_be_to_cpu_16(l4->src_port),
		.dst_field = rte_be_to_cpu_16(l4->dst_port),
		.zone = pkt->tuple.zone,
		.proto = ip->next_proto_id,
		.family = FAMILY_IPV4,
	};
	pkt->tuple.src.v4 = ip->src_addr;
	pkt->tuple.dst.v4 = ip->dst_addr;
}

void
packet_parse(struct pkt *pkt)
{
	if (likely(is_common(pkt->mbuf)))
		parse_common(pkt);
	else
		parse_any(pkt);
	pkt->is_parsed = true;
}

// Bridges send their BPDUs to an address of their own, in frames of IEEE 802.2.
static bool
is_spanning_tree(const struct pkt *pkt)
{
	static const uint8_t bridges[RTE_ETHER_ADDR_LEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
	uint8_t scratch[sizeof(bridges)], sap_scratch;
	const uint8_t *destination = rte_pktmbuf_read(pkt->mbuf, 0, sizeof(scratch), scratch);
	const uint8_t *sap = rte_pktmbuf_read(pkt->mbuf, pkt->l3_off, 1, &sap_scratch);

	return pkt->ethertype <= LENGTH_MAX && sap != NULL && *sap == LLC_SAP_STP &&
	       memcmp(destination, bridges, sizeof(bridges)) == 0;
}

enum non_ip
packet_non_ip(const struct pkt *pkt)
{
	CONTRACT(pkt->family == FAMILY_NONE && pkt->fault == FAULT_NONE);
	if (pkt->ethertype == RTE_ETHER_TYPE_ARP)
		return NON_IP_ARP;
	if (pkt->ethertype == RTE_ETHER_TYPE_LLDP)
		return NON_IP_LLDP;
	return is_spanning_tree(pkt) ? NON_IP_STP : NON_IP_OTHER;
}

const struct tuple *
packet_home_tuple(const struct pkt *pkt, struct tuple *room)
{
	CONTRACT(pkt->family != FAMILY_NONE);
	// All fragments of a datagram have one home, also those of an error.
	if (!icmp_is_error(pkt) || pkt_has_place(pkt))
		return &pkt->tuple;
	packet_parse_inner(pkt, room);
	return room->family == FAMILY_NONE ? &pkt->tuple : room;
}

uint32_t
packet_home(const struct pkt *pkt, const struct hash_secret *secret)
{
	struct tuple room;

	return hash_home(secret, packet_home_tuple(pkt, &room));
}

bool
icmp_is_error(const struct pkt *pkt)
{
	if (!pkt->has_tuple)
		return false;
	if (pkt->family == FAMILY_IPV6)
		return pkt->tuple.proto == PROTO_ICMPV6 && is_icmpv6_error(pkt->icmp_type);
	return pkt->tuple.proto == PROTO_ICMP &&
	       (pkt->icmp_type == 3 || pkt->icmp_type == 4 || pkt->icmp_type == 5 ||
		pkt->icmp_type == 11 || pkt->icmp_type == 12);
}

// Where the quoted packet begins, counted from the ICMP header; 0 when there is none. A redirect
// of IPv6 carries it as an option behind 40 bytes (RFC 4861, 4.5 and 4.6.3), if that comes first.
static uint32_t
quotation_off(const struct pkt *pkt)
{
	uint8_t scratch[2];
	const uint8_t *option;

	if (pkt->family == FAMILY_IPV4 || pkt->icmp_type != 137)
		return 8;
	option = pkt_bytes(pkt, pkt->l4_off + 40u, sizeof(scratch), scratch);
	return option != NULL && option[0] == 4 && option[1] != 0 ? 48 : 0;
}

enum fault
packet_parse_inner(const struct pkt *pkt, struct tuple *inner)
{
	uint32_t quoted = quotation_off(pkt);
	struct view view = {
		.pkt = pkt,
		.off = pkt->l4_off + quoted,
		.end = pkt->l3_off + pkt->l3_len,
	};
	enum fault fault;

	*inner = (struct tuple){0};
	if (quoted == 0)
		return FAULT_ICMP_INNER;
	fault = pkt->family == FAMILY_IPV4 ? read_ipv4(&view, inner, true)
					   : read_ipv6(&view, inner, true);
	if (fault == FAULT_NONE)
		fault = read_l4(&view, inner);
	inner->zone = pkt->tuple.zone;
	return fault == FAULT_NONE ? FAULT_NONE : FAULT_ICMP_INNER;
}
