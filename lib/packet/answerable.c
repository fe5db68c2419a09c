// SPDX-License-Identifier: BSD-3-Clause
#include "packet/answerable.h"

#include <stddef.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "packet/checksum.h"
#include "packet/parse.h"

// True when one of the frame's addresses names more than one station.
static bool
has_group_mac(const struct pkt *pkt)
{
	uint8_t scratch[2 * RTE_ETHER_ADDR_LEN];
	const uint8_t *macs = rte_pktmbuf_read(pkt->mbuf, 0, sizeof(scratch), scratch);

	return ((macs[0] | macs[RTE_ETHER_ADDR_LEN]) & RTE_ETHER_GROUP_ADDR) != 0;
}

// True for the address of one host: no group, not all hosts, not unspecified.
static bool
is_of_one(uint8_t family, const union address *address)
{
	uint32_t v4;

	if (family == FAMILY_IPV6)
		return address->v6[0] != 0xff && (address->word[0] != 0 || address->word[1] != 0);
	v4 = rte_be_to_cpu_32(address->v4);
	// 224.0.0.0/4; RTE_IPV4_BROADCAST of DPDK 22.11 is 224.0.0.0.
	return v4 != RTE_IPV4_ANY && v4 != UINT32_MAX && v4 >> 28 != 0xe;
}

// What speaks against any answer.
static enum silence
check_envelope(const struct pkt *pkt)
{
	if (pkt->is_fragment)
		return SILENCE_FRAGMENT;
	if (has_group_mac(pkt))
		return SILENCE_GROUP_MAC;
	if (!is_of_one(pkt->family, &pkt->tuple.src) || !is_of_one(pkt->family, &pkt->tuple.dst))
		return SILENCE_ADDRESS;
	return SILENCE_SPEAKING;
}

// True when the packet of IPv6 has an authentication header in front of layer 4; in IPv4 that is a
// protocol of its own here. The parser has walked the same headers before.
static bool
is_authenticated(const struct pkt *pkt)
{
	uint32_t off = pkt->l3_off + (uint32_t)sizeof(struct rte_ipv6_hdr);
	const uint32_t next_off = pkt->l3_off + (uint32_t)offsetof(struct rte_ipv6_hdr, proto);
	uint8_t scratch[2];
	const uint8_t *bytes;
	uint8_t proto;

	if (pkt->family != FAMILY_IPV6)
		return false;
	bytes = pkt_bytes(pkt, next_off, 1, scratch);
	while (off < pkt->l4_off && bytes != NULL && bytes[0] != PROTO_AH) {
		proto = bytes[0];
		bytes = pkt_bytes(pkt, off, sizeof(scratch), scratch);
		off += bytes == NULL ? 0 : ipv6_extension_len(proto, bytes);
	}
	return off < pkt->l4_off && bytes != NULL;
}

// A sum without a pseudo header; of no bytes at all it is right.
static bool
is_plain_sum_good(const struct pkt *pkt)
{
	uint16_t sum;

	return pkt->l4_len == 0 ||
	       (checksum_sum(pkt->mbuf, pkt->l4_off, pkt->l4_len, &sum) && sum == UINT16_MAX);
}

static bool
has_udp_checksum(const struct pkt *pkt)
{
	uint8_t scratch[2];
	const uint8_t *sum = pkt_bytes(pkt, pkt->l4_off + 6u, sizeof(scratch), scratch);

	return sum == NULL || sum[0] != 0 || sum[1] != 0;
}

static bool
is_checksum_good(const struct pkt *pkt)
{
	switch (pkt->tuple.proto) {
	case PROTO_GRE:
	case PROTO_ESP:
	case PROTO_AH:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		return true;
	case PROTO_UDP:
		return !has_udp_checksum(pkt) || checksum_l4_good(pkt, pkt->l4_len);
	case PROTO_TCP:
		return checksum_l4_good(pkt, pkt->l4_len);
	default:
		if (pkt->family == FAMILY_IPV6)
			return checksum_l4_good(pkt, pkt->l4_len);
		return is_plain_sum_good(pkt);
	}
}

enum silence
answerable_by_reset(const struct pkt *pkt)
{
	struct rte_tcp_hdr scratch;
	const struct rte_tcp_hdr *tcp = pkt_bytes(pkt, pkt->l4_off, sizeof(scratch), &scratch);
	const enum silence silence = check_envelope(pkt);

	if (silence != SILENCE_SPEAKING)
		return silence;
	if (tcp == NULL)
		return SILENCE_SHORT;
	if ((tcp->tcp_flags & RTE_TCP_RST_FLAG) != 0)
		return SILENCE_RST;
	if (is_authenticated(pkt))
		return SILENCE_AUTHENTICATED;
	return is_checksum_good(pkt) ? SILENCE_SPEAKING : SILENCE_CHECKSUM;
}

// Errors, and types of which nobody knows whether they are (RFC 1122, 3.2.2.1 to 3.2.2.9; RFC 4443,
// 2.1). Router discovery (RFC 1256) is for everybody, so it is not answered either.
static bool
is_error(const struct pkt *pkt, uint8_t type)
{
	static const bool errors[] = {
		[3] = true,  [4] = true,  [5] = true,  [9] = true,
		[10] = true, [11] = true, [12] = true,
	};

	if (pkt->family == FAMILY_IPV6)
		return type < 128;
	return type > 18 || (type < RTE_DIM(errors) && errors[type]);
}

enum silence
answerable_by_icmp(const struct pkt *pkt)
{
	const enum silence silence = check_envelope(pkt);
	uint8_t scratch;

	if (silence != SILENCE_SPEAKING)
		return silence;
	if (tuple_is_icmp(&pkt->tuple)) {
		const uint8_t *type = pkt_bytes(pkt, pkt->l4_off, 1, &scratch);

		if (type == NULL)
			return SILENCE_SHORT;
		if (is_error(pkt, *type))
			return SILENCE_ICMP_ERROR;
	}
	return is_checksum_good(pkt) ? SILENCE_SPEAKING : SILENCE_CHECKSUM;
}
