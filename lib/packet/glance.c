// SPDX-License-Identifier: BSD-3-Clause
#include "packet/glance.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "base/contract.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"

#define TAGS_MAX         2
#define IPV4_VERSION_IHL 0x45
#define UDP_LEN          (uint32_t)sizeof(struct rte_udp_hdr)
#define TCP_LEN          (uint32_t)sizeof(struct rte_tcp_hdr)
#define IPV4_LEN         (uint32_t)sizeof(struct rte_ipv4_hdr)
#define IPV6_LEN         (uint32_t)sizeof(struct rte_ipv6_hdr)
#define LEAST            (RTE_ETHER_HDR_LEN + IPV4_LEN + UDP_LEN)

// The ethertype in front of what begins at off.
static inline rte_be16_t
ethertype_at(const uint8_t *frame, uint32_t off)
{
	rte_be16_t type;

	memcpy(&type, frame + off - sizeof(type), sizeof(type));
	return type;
}

// Source port in the upper half, destination port in the lower one.
static inline uint32_t
ports_at(const uint8_t *frame, uint32_t off)
{
	rte_be32_t ports;

	memcpy(&ports, frame + off, sizeof(ports));
	return rte_be_to_cpu_32(ports);
}

// The least that a header of layer 4 has, 0 of protocols that are left to others.
static inline uint32_t
l4_least(uint8_t proto)
{
	if (likely(proto == PROTO_UDP))
		return UDP_LEN;
	return proto == PROTO_TCP ? TCP_LEN : 0;
}

// The header of layer 4 is there, and the packet ends within its frame.
static inline bool
fits(const struct rte_mbuf *mbuf, const struct glance *glance, uint32_t l4_len)
{
	const uint32_t least = glance->l4_off + l4_len;
	const uint32_t end = (uint32_t)glance->l3_off + glance->l3_len;

	if (likely(end <= mbuf->data_len))
		return least <= end;
	return least <= mbuf->data_len && end <= mbuf->pkt_len;
}

// => The header lies within the frame.
static __rte_always_inline bool
glance_ipv4(const struct rte_mbuf *mbuf, const uint8_t *frame, uint32_t l3_off,
	    struct glances *glances, uint16_t i)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + l3_off);
	const rte_be16_t fragment =
		rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	const uint32_t l4_len = l4_least(ip->next_proto_id);
	struct glance *glance = &glances->at[i];
	uint32_t ports;

	if (ip->version_ihl != IPV4_VERSION_IHL || (ip->fragment_offset & fragment) != 0 ||
	    l4_len == 0)
		return false;
	glance->l3_off = (uint16_t)l3_off;
	glance->l4_off = (uint16_t)(l3_off + IPV4_LEN);
	glance->l3_len = rte_be_to_cpu_16(ip->total_length);
	glance->l4_len = (uint16_t)(glance->l3_len - IPV4_LEN);
	if (!fits(mbuf, glance, l4_len) || !checksum_ipv4_good(mbuf, ip))
		return false;
	ports = ports_at(frame, l3_off + IPV4_LEN);
	glances->are_turned[i] = key_pack_ipv4((uint64_t)ip->src_addr << 16 | ports >> 16,
					       (uint64_t)ip->dst_addr << 16 | (uint16_t)ports,
					       ip->next_proto_id, &glances->keys[i]);
	return true;
}

static __rte_always_inline bool
glance_ipv6(const struct rte_mbuf *mbuf, const uint8_t *frame, uint32_t l3_off,
	    struct glances *glances, uint16_t i)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame + l3_off);
	struct glance *glance = &glances->at[i];
	uint32_t l4_len = l4_least(ip->proto);
	union address ends[2];

	if (l3_off + IPV6_LEN > mbuf->data_len || frame[l3_off] >> 4 != 6 || l4_len == 0)
		return false;
	glance->l4_len = rte_be_to_cpu_16(ip->payload_len);
	if (glance->l4_len > UINT16_MAX - IPV6_LEN)
		return false;
	glance->l3_off = (uint16_t)l3_off;
	glance->l4_off = (uint16_t)(l3_off + IPV6_LEN);
	glance->l3_len = (uint16_t)(IPV6_LEN + glance->l4_len);
	if (!fits(mbuf, glance, l4_len))
		return false;
	memcpy(ends, ip->src_addr, sizeof(ends));
	glances->are_turned[i] = key_pack_ipv6(ends, ports_at(frame, l3_off + IPV6_LEN), ip->proto,
					       &glances->keys[i]);
	return true;
}

// Behind VLAN tags, or neither of the two.
static __rte_noinline bool
glance_tagged(const struct rte_mbuf *mbuf, const uint8_t *frame, struct glances *glances,
	      uint16_t i)
{
	uint32_t off = RTE_ETHER_HDR_LEN;
	rte_be16_t type = ethertype_at(frame, off);

	for (int n_tags = 0; n_tags < TAGS_MAX && ethertype_is_tag(rte_be_to_cpu_16(type));
	     n_tags++) {
		off += (uint32_t)sizeof(struct rte_vlan_hdr);
		if (off + IPV4_LEN > mbuf->data_len)
			return false;
		type = ethertype_at(frame, off);
	}
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return glance_ipv4(mbuf, frame, off, glances, i);
	return type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6) &&
	       glance_ipv6(mbuf, frame, off, glances, i);
}

static inline bool
take_glance(const struct rte_mbuf *mbuf, struct glances *glances, uint16_t i)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	rte_be16_t type;

	if (unlikely(mbuf->data_len < LEAST))
		return false;
	type = ethertype_at(frame, RTE_ETHER_HDR_LEN);
	if (likely(type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)))
		return glance_ipv4(mbuf, frame, RTE_ETHER_HDR_LEN, glances, i);
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		return glance_ipv6(mbuf, frame, RTE_ETHER_HDR_LEN, glances, i);
	return glance_tagged(mbuf, frame, glances, i);
}

uint64_t
packet_glance_burst(const struct pkt pkts[], uint16_t n, struct glances *glances)
{
	uint64_t others = 0;

	CONTRACT(n > 0 && n <= BURST_MAX);
	for (uint16_t i = 0; i < n; i++) {
		if (likely(pkts[i].is_fresh && take_glance(pkts[i].mbuf, glances, i)))
			continue;
		others |= UINT64_C(1) << i;
		glances->keys[i] = (struct flow_key){{0}};
		glances->are_turned[i] = false;
	}
	return (UINT64_MAX >> (64 - n)) & ~others;
}
