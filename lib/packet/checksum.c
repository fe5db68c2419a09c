// SPDX-License-Identifier: BSD-3-Clause
#include "packet/checksum.h"

#include <rte_branch_prediction.h>
#include <rte_hash_crc.h>

#include "base/contract.h"

// Adds the 16-bit words of the bytes to a sum; an odd byte at the end is the first of a word. It is
// done 32 bits at a time: a sum modulo 2^16 - 1 does not mind (RFC 1071, 2).
static inline uint64_t
add_bytes(uint64_t sum, const uint8_t *bytes, uint32_t len)
{
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); len -= (uint32_t)sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, bytes, sizeof(half));
		sum += half;
		bytes += sizeof(half);
		len -= (uint32_t)sizeof(half);
	}
	if (len > 0) {
		half = 0;
		memcpy(&half, bytes, 1);
		sum += half;
	}
	return sum;
}

// The same modulo 2^16 - 1, with 2^16 - 1 for 0, unless the sum is 0.
static inline uint16_t
fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)((sum >> 16) + (sum & UINT16_MAX));
}

// Adds len bytes from off, in as many segments as they lie in.
static uint64_t
add_segments(uint64_t sum, const struct rte_mbuf *mbuf, uint32_t off, uint32_t len)
{
	bool is_odd = false; // an odd number of bytes came before this segment

	for (; len > 0; mbuf = mbuf->next) {
		uint32_t part_len;
		uint16_t part;

		if (off >= mbuf->data_len) {
			off -= mbuf->data_len;
			continue;
		}
		part_len = RTE_MIN(len, mbuf->data_len - off);
		part = fold(add_bytes(0, rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, off),
				      part_len));
		// The bytes of a word may lie in two segments; then all others are swapped.
		sum += is_odd ? rte_bswap16(part) : part;
		is_odd ^= (part_len & 1) != 0;
		len -= part_len;
		off = 0;
	}
	return sum;
}

// => The packet has that many bytes.
static inline uint64_t
add_packet(uint64_t sum, const struct rte_mbuf *mbuf, uint32_t off, uint32_t len)
{
	if (likely(off + len <= mbuf->data_len))
		return add_bytes(sum, rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, off), len);
	return add_segments(sum, mbuf, off, len);
}

bool
checksum_sum(const struct rte_mbuf *mbuf, uint32_t off, uint32_t len, uint16_t *sum)
{
	if (off + len > mbuf->pkt_len)
		return false;
	*sum = fold(add_packet(0, mbuf, off, len));
	return true;
}

// The sum of the pseudo header: RFC 768, RFC 9293; RFC 8200 section 8.1 for IPv6. UDP-Lite puts
// the length of the whole datagram there, not the coverage (RFC 3828).
static inline uint64_t
pseudo_header(const struct pkt *pkt)
{
	const struct tuple *tuple = &pkt->tuple;
	uint64_t sum = (uint64_t)rte_cpu_to_be_16(tuple->proto) + rte_cpu_to_be_16(pkt->l4_len);

	if (pkt->family == FAMILY_IPV6)
		return add_bytes(sum, tuple->src.v6, 2 * sizeof(tuple->src));
	return tuple->proto == PROTO_ICMP ? 0 : sum + tuple->src.v4 + tuple->dst.v4;
}

bool
checksum_l4_sum_good(const struct pkt *pkt, uint16_t coverage)
{
	CONTRACT(coverage <= pkt->l4_len);
	if (pkt->l4_off + coverage > pkt->mbuf->pkt_len)
		return false;
	return fold(add_packet(pseudo_header(pkt), pkt->mbuf, pkt->l4_off, coverage)) == UINT16_MAX;
}

// Both addresses lie behind each other in the header.
bool
checksum_glance_sum_good(const struct rte_mbuf *mbuf, const struct glance *glance)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, glance->l3_off);
	uint64_t sum = rte_cpu_to_be_16(glance->l4_len);

	if (ip[0] >> 4 == 4)
		sum = add_bytes(sum + rte_cpu_to_be_16(ip[9]), ip + 12, 8);
	else
		sum = add_bytes(sum + rte_cpu_to_be_16(ip[6]), ip + 8, 32);
	return fold(add_packet(sum, mbuf, glance->l4_off, glance->l4_len)) == UINT16_MAX;
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
	const uint64_t nic_says = pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	const uint32_t checksum_off = pkt->l4_off + 8u;
	uint32_t scratch, crc;
	const void *stored = pkt_bytes(pkt, checksum_off, sizeof(scratch), &scratch);

	CONTRACT(pkt->l4_len >= 12);
	if (nic_says == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	if (nic_says == RTE_MBUF_F_RX_L4_CKSUM_BAD || stored == NULL)
		return false;
	memcpy(&scratch, stored, sizeof(scratch));
	crc = crc32c(pkt, pkt->l4_off, 8, UINT32_MAX);
	crc = rte_hash_crc_4byte(0, crc); // the field counts as zero
	crc = crc32c(pkt, checksum_off + 4, pkt->l4_len - 12u, crc);
	return rte_cpu_to_le_32(~crc) == scratch;
}
