// SPDX-License-Identifier: BSD-3-Clause
#include "util/mbuf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/eal.h"

// A segment: the shared info with its free callback, and the bytes in an allocation of their own.
struct segment {
	struct rte_mbuf_ext_shared_info shared;
	uint8_t *bytes;
};

static void
free_segment(void *address, void *opaque)
{
	struct segment *segment = opaque;

	(void)address;
	free(segment->bytes);
	free(segment);
}

struct rte_mbuf *
mbuf_from_bytes(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(test_eal_pool());
	struct segment *segment = calloc(1, sizeof(*segment));

	assert(mbuf != NULL && segment != NULL && len <= UINT16_MAX);
	segment->bytes = malloc(len);
	segment->shared.free_cb = free_segment;
	segment->shared.fcb_opaque = segment;
	rte_mbuf_ext_refcnt_set(&segment->shared, 1);
	memcpy(segment->bytes, bytes, len);
	rte_pktmbuf_attach_extbuf(mbuf, segment->bytes, RTE_BAD_IOVA, (uint16_t)len,
				  &segment->shared);
	mbuf->data_len = (uint16_t)len;
	mbuf->pkt_len = len;
	return mbuf;
}

struct rte_mbuf *
mbuf_from_frame(const struct frame *frame)
{
	return mbuf_from_bytes(frame->bytes, frame->len);
}

struct rte_mbuf *
mbuf_split(const struct frame *frame, const uint32_t cuts[], unsigned int n_cuts)
{
	struct rte_mbuf *head = NULL;
	uint32_t begin = 0;

	for (unsigned int i = 0; i <= n_cuts; i++) {
		uint32_t end = i < n_cuts ? cuts[i] : frame->len;
		struct rte_mbuf *tail = mbuf_from_bytes(frame->bytes + begin, end - begin);

		if (head == NULL)
			head = tail;
		else
			rte_pktmbuf_chain(head, tail);
		begin = end;
	}
	return head;
}
