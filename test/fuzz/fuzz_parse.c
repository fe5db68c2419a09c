// SPDX-License-Identifier: BSD-3-Clause
//
// Any bytes as a frame: parsing accepts or refuses them with the same result, in one segment or
// several, and reads nothing outside of them.
//
// The first byte of the input is the length of the segments into which the frame is split, 0: one
// segment. Every segment is an allocation of exactly its length, so that AddressSanitizer detects
// reads beyond it.
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/parse.h"
#include "input.h"

#define SEGMENTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct chain {
	struct rte_mbuf mbufs[SEGMENTS_MAX];
	unsigned int n;
};

static struct rte_mbuf *
chain_make(struct chain *chain, const uint8_t *bytes, size_t len, size_t segment_len)
{
	size_t off = 0;

	memset(chain, 0, sizeof(*chain));
	do {
		struct rte_mbuf *mbuf = &chain->mbufs[chain->n++];
		size_t part = RTE_MIN(segment_len, len - off);

		mbuf->buf_addr = malloc(part);
		check(mbuf->buf_addr != NULL);
		memcpy(mbuf->buf_addr, bytes + off, part);
		mbuf->data_len = (uint16_t)part;
		if (chain->n > 1)
			mbuf[-1].next = mbuf;
		off += part;
	} while (off < len);
	chain->mbufs[0].pkt_len = (uint32_t)len;
	chain->mbufs[0].nb_segs = (uint16_t)chain->n;
	return &chain->mbufs[0];
}

static void
chain_free(struct chain *chain)
{
	for (unsigned int i = 0; i < chain->n; i++)
		free(chain->mbufs[i].buf_addr);
}

// What pkt_l4 relies on: the header can be read in place.
static void
check_plain(const struct pkt *pkt)
{
	const uint8_t proto = pkt->tuple.proto;
	const uint32_t header_len = proto == PROTO_TCP ? 20 : 8;

	check(proto == PROTO_TCP || proto == PROTO_UDP);
	check(pkt->family == FAMILY_IPV4 && pkt->fault == FAULT_NONE);
	check(pkt->has_tuple && pkt->has_ports && !pkt->is_fragment);
	check(pkt->l4_len >= header_len);
	check(pkt->l4_off + header_len <= pkt->mbuf->data_len);
}

// What the parser promises about offsets and lengths.
static void
check_promises(const struct pkt *pkt)
{
	const uint32_t end = pkt->l3_off + pkt->l3_len;
	uint8_t *scratch;

	check(pkt->fault < FAULT_COUNT);
	if (pkt->family == FAMILY_NONE) {
		check(!pkt->has_tuple);
		return;
	}
	check(pkt->family == FAMILY_IPV4 || pkt->family == FAMILY_IPV6);
	check(pkt->tuple.family == pkt->family);
	check(end <= pkt->mbuf->pkt_len);
	check(pkt->l4_off >= pkt->l3_off && pkt->l4_off + pkt->l4_len == end);
	check(pkt->has_tuple || pkt->fault != FAULT_NONE);
	if (pkt->is_plain)
		check_plain(pkt);
	scratch = malloc(pkt->l3_len);
	check(pkt_bytes(pkt, pkt->l3_off, pkt->l3_len, scratch) != NULL);
	check(pkt_bytes(pkt, pkt->l3_off, pkt->l3_len + 1, NULL) == NULL);
	free(scratch);
}

// Calls everything that later stages use of the parser.
static void
parse(struct rte_mbuf *mbuf, struct pkt *pkt, struct tuple *inner)
{
	*pkt = (struct pkt){.mbuf = mbuf};
	memset(inner, 0, sizeof(*inner));
	packet_parse(pkt);
	check_promises(pkt);
	if (icmp_is_error(pkt))
		packet_parse_inner(pkt, inner);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain whole, pieces;
	struct pkt a, b;
	struct tuple inner_a, inner_b;
	size_t segment_len;

	if (size < 1 || size - 1 > UINT16_MAX)
		return -1;
	segment_len = data[0] == 0 ? size : RTE_MAX((size_t)data[0], size / SEGMENTS_MAX + 1);
	parse(chain_make(&whole, data + 1, size - 1, size), &a, &inner_a);
	parse(chain_make(&pieces, data + 1, size - 1, segment_len), &b, &inner_b);
	check(memcmp(&inner_a, &inner_b, sizeof(inner_a)) == 0);
	check(!a.has_tuple || checksum_l4_good(&a, a.l4_len) == checksum_l4_good(&b, b.l4_len));
	b.mbuf = a.mbuf;
	check(!b.is_plain || a.is_plain);
	b.is_plain = a.is_plain; // this depends on segments; nothing else may
	check(memcmp(&a, &b, sizeof(a)) == 0);
	chain_free(&whole);
	chain_free(&pieces);
	return 0;
}
