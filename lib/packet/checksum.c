// SPDX-License-Identifier: BSD-3-Clause
#include "packet/checksum.h"

#include <rte_hash_crc.h>
#include <rte_ip.h>

bool
checksum_sum(const struct rte_mbuf *mbuf, uint32_t off, uint32_t len, uint16_t *sum)
{
	uint32_t total = 0;
	bool is_odd = false; // an odd number of bytes came before this segment

	if (off + len > mbuf->pkt_len)
		return false;
	for (; len > 0; mbuf = mbuf->next) {
		uint32_t part_len, part;

		if (off >= mbuf->data_len) {
			off -= mbuf->data_len;
			continue;
		}
		part_len = RTE_MIN(len, mbuf->data_len - off);
		part = rte_raw_cksum(rte_pktmbuf_mtod_offset(mbuf, const void *, off), part_len);
		// The bytes of a word may lie in two segments; then all others are swapped.
		total += is_odd ? rte_bswap16((uint16_t)part) : part;
		is_odd ^= (part_len & 1) != 0;
		len -= part_len;
		off = 0;
	}
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	*sum = (uint16_t)total;
	return true;
}

static uint32_t
sum_words(uint32_t sum, const void *bytes, unsigned int len)
{
	return sum + rte_raw_cksum(bytes, len);
}

// The sum of the pseudo header: RFC 768, RFC 9293; RFC 8200 section 8.1 for IPv6. UDP-Lite puts
// the length of the whole datagram there, not the coverage (RFC 3828).
static uint32_t
pseudo_header(const struct pkt *pkt)
{
	uint32_t sum = rte_cpu_to_be_16(pkt->tuple.proto) + rte_cpu_to_be_16(pkt->l4_len);
	unsigned int len = pkt->family == FAMILY_IPV4 ? 4 : 16;

	if (pkt->family == FAMILY_IPV4 && pkt->tuple.proto == PROTO_ICMP)
		return 0;
	sum = sum_words(sum, &pkt->tuple.src, len);
	return sum_words(sum, &pkt->tuple.dst, len);
}

// What the NIC says about layer 4: RX_L4_CKSUM_UNKNOWN when nothing.
static uint64_t
nic_says(const struct pkt *pkt)
{
	return pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
}

bool
checksum_l4_sum_good(const struct pkt *pkt, uint16_t coverage)
{
	uint32_t sum;
	uint16_t data;

	if (!checksum_sum(pkt->mbuf, pkt->l4_off, coverage, &data))
		return false;
	sum = pseudo_header(pkt) + data;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

// rte_hash_crc reads words wherever they lie, which C does not allow.
static uint32_t
crc32c_bytes(const uint8_t *bytes, uint32_t n, uint32_t crc)
{
	uint64_t word;

	for (; n >= sizeof(word); n -= (uint32_t)sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		crc = rte_hash_crc_8byte(word, crc);
	}
	for (; n > 0; n--)
		crc = rte_hash_crc_1byte(*bytes++, crc);
	return crc;
}

// CRC32c over len bytes of the packet from off, which may lie in several segments.
static uint32_t
crc32c(const struct pkt *pkt, uint32_t off, uint32_t len, uint32_t crc)
{
	const struct rte_mbuf *segment = pkt->mbuf;

	while (segment != NULL && off >= segment->data_len) {
		off -= segment->data_len;
		segment = segment->next;
	}
	for (; segment != NULL && len > 0; segment = segment->next, off = 0) {
		uint32_t n = RTE_MIN(len, segment->data_len - off);

		crc = crc32c_bytes(rte_pktmbuf_mtod_offset(segment, const uint8_t *, off), n, crc);
		len -= n;
	}
	return crc;
}

bool
checksum_sctp_good(const struct pkt *pkt)
{
	const uint32_t checksum_off = pkt->l4_off + 8u;
	uint32_t scratch, crc;
	const void *stored = pkt_bytes(pkt, checksum_off, sizeof(scratch), &scratch);

	if (nic_says(pkt) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	if (nic_says(pkt) == RTE_MBUF_F_RX_L4_CKSUM_BAD || stored == NULL)
		return false;
	memcpy(&scratch, stored, sizeof(scratch));
	crc = crc32c(pkt, pkt->l4_off, 8, UINT32_MAX);
	crc = rte_hash_crc_4byte(0, crc); // the field counts as zero
	crc = crc32c(pkt, checksum_off + 4, pkt->l4_len - 12u, crc);
	return rte_cpu_to_le_32(~crc) == scratch;
}
