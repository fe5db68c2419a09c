// SPDX-License-Identifier: BSD-3-Clause
#include "replay/offload.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include <rte_ip.h>

#include "packet/checksum.h"

// If the common sender is the only sign: the least number of wrong ones, and their least share.
#define MANY   3
#define ONE_IN 10

// Where a protocol has its checksum, 0: it is not the Internet checksum.
static const uint8_t checksum_off[UINT8_MAX + 1] = {
	[PROTO_TCP] = 16, [PROTO_UDP] = 6, [PROTO_UDPLITE] = 6, [PROTO_DCCP] = 6};

#define SCTP_CHECKSUM_OFF 8

// The sum of the pseudo header, in the byte order of the packet.
static uint16_t
pseudo_header_sum(const struct pkt *pkt)
{
	const bool is_ipv4 = pkt->family == FAMILY_IPV4;
	const uint32_t off = is_ipv4 ? (uint32_t)offsetof(struct rte_ipv4_hdr, src_addr)
				     : (uint32_t)offsetof(struct rte_ipv6_hdr, src_addr);
	const uint32_t len = 2 * (is_ipv4 ? (uint32_t)sizeof(rte_be32_t) : 16);
	uint16_t addresses = 0;
	uint32_t sum;

	checksum_sum(pkt->mbuf, pkt->l3_off + off, len, &addresses);
	sum = (uint32_t)addresses + rte_cpu_to_be_16(pkt->tuple.proto) +
	      rte_cpu_to_be_16(pkt->l4_len);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)((sum >> 16) + sum);
}

// Whether a wrong checksum is one that a sender leaves to its NIC.
static bool
is_unfilled(const struct pkt *pkt)
{
	const uint8_t off = checksum_off[pkt->tuple.proto];
	uint32_t scratch, word = 0;
	uint16_t half = 0;
	const void *field;

	if (pkt->tuple.proto == PROTO_SCTP) {
		field = pkt_bytes(pkt, pkt->l4_off + SCTP_CHECKSUM_OFF, sizeof(word), &scratch);
		if (field != NULL)
			memcpy(&word, field, sizeof(word));
		return field != NULL && word == 0;
	}
	field = off == 0 ? NULL : pkt_bytes(pkt, pkt->l4_off + off, sizeof(half), &scratch);
	if (field == NULL)
		return false;
	memcpy(&half, field, sizeof(half));
	return half == 0 || half == pseudo_header_sum(pkt);
}

static bool
has_no_ipv4_checksum(const struct pkt *pkt)
{
	rte_be16_t scratch;
	const void *field = rte_pktmbuf_read(
		pkt->mbuf, pkt->l3_off + (uint32_t)offsetof(struct rte_ipv4_hdr, hdr_checksum),
		sizeof(scratch), &scratch);

	if (field == NULL)
		return false;
	memcpy(&scratch, field, sizeof(scratch));
	return scratch == 0;
}

void
offload_count(struct offload *offload, const struct pkt *pkt)
{
	offload->n_packets++;
	if (pkt->fault == FAULT_IPV4_CHECKSUM)
		offload->n_no_ipv4 += has_no_ipv4_checksum(pkt);
	if (pkt->fault != FAULT_L4_CHECKSUM)
		return;
	if (offload->n_wrong++ == 0)
		offload->first = pkt->tuple;
	// A reassembled datagram no longer has a frame of its own, and NICs do not complete
	// fragments.
	offload->n_unfilled += pkt->mbuf != NULL && is_unfilled(pkt);
	offload->has_others |=
		offload->first.family != pkt->tuple.family ||
		memcmp(&offload->first.src, &pkt->tuple.src, sizeof(pkt->tuple.src)) != 0;
}

void
offload_print(const struct offload *offload, FILE *out)
{
	const bool is_many = offload->n_wrong >= MANY && !offload->has_others &&
			     offload->n_wrong * ONE_IN >= offload->n_packets;
	const struct tuple *first = &offload->first;
	char address[INET6_ADDRSTRLEN] = "several senders";

	if (offload->n_unfilled > 0 || is_many) {
		if (!offload->has_others)
			inet_ntop(first->family == FAMILY_IPV4 ? AF_INET : AF_INET6, &first->src,
				  address, sizeof(address));
		fprintf(out,
			"hint: packets with wrong checksums: %" PRIu64 ", from %s; likely captured "
			"before the NIC filled them in: conntrack.checksum = false judges them as "
			"if "
			"they were right\n",
			offload->n_wrong, address);
	}
	if (offload->n_no_ipv4 > 0)
		fprintf(out,
			"hint: packets without IPv4 header checksum: %" PRIu64 "; likely captured "
			"before the NIC filled it in: tcprewrite --fixcsum does so in a capture\n",
			offload->n_no_ipv4);
}
