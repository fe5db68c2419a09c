// SPDX-License-Identifier: BSD-3-Clause
//
// The headers are copied, because they must no longer say "fragment"; the payload is attached,
// segment by segment, so that nothing else is copied.
#include "frag/join.h"

#include <assert.h>
#include <string.h>

#include <rte_ip.h>

#include "packet/checksum.h"

// A frame that grows at its end.
struct frame {
	struct rte_mempool *pool;
	struct rte_mbuf *head;
	struct rte_mbuf *tail;
};

static void
add_segment(struct frame *frame, struct rte_mbuf *segment)
{
	if (frame->head == NULL) {
		frame->head = segment;
	} else {
		frame->tail->next = segment;
		frame->head->nb_segs++;
		frame->head->pkt_len += segment->data_len;
	}
	frame->tail = segment;
}

// An empty segment; NULL if there is none left or the frame cannot have more.
static struct rte_mbuf *
new_segment(const struct frame *frame)
{
	if (frame->head != NULL && frame->head->nb_segs == RTE_MBUF_MAX_NB_SEGS)
		return NULL;
	return rte_pktmbuf_alloc(frame->pool);
}

// Copies the first len bytes of a frame.
static bool
copy_headers(struct frame *frame, const struct rte_mbuf *from, uint32_t len)
{
	uint32_t n;

	for (uint32_t off = 0; off < len; off += n) {
		struct rte_mbuf *segment = new_segment(frame);
		const void *bytes;
		char *room;

		if (segment == NULL)
			return false;
		n = RTE_MIN(len - off, (uint32_t)rte_pktmbuf_tailroom(segment));
		room = rte_pktmbuf_append(segment, (uint16_t)n);
		bytes = rte_pktmbuf_read(from, off, n, room);
		if (bytes != room)
			memcpy(room, bytes, n);
		add_segment(frame, segment);
	}
	return true;
}

// Attaches len bytes of a frame, from off on.
static bool
attach_payload(struct frame *frame, struct rte_mbuf *from, uint32_t off, uint32_t len)
{
	for (; len > 0; from = from->next) {
		struct rte_mbuf *segment;
		uint16_t n;

		if (off >= from->data_len) {
			off -= from->data_len;
			continue;
		}
		segment = new_segment(frame);
		if (segment == NULL)
			return false;
		n = (uint16_t)RTE_MIN(len, from->data_len - off);
		rte_pktmbuf_attach(segment, from);
		segment->data_off = (uint16_t)(segment->data_off + off);
		segment->data_len = n;
		segment->pkt_len = n;
		add_segment(frame, segment);
		len -= n;
		off = 0;
	}
	return true;
}

// Attaches the payloads of all fragments in the order of their offsets.
static bool
attach_payloads(struct frag_store *store, struct frame *frame, const struct datagram *datagram)
{
	struct fragment *fragment;

	for (fragment = datagram->first; fragment != NULL; fragment = fragment->next)
		store->at[fragment->off / COVER_BLOCK] = fragment;
	for (uint32_t off = 0; off < datagram->len; off += fragment->len) {
		fragment = store->at[off / COVER_BLOCK];
		if (!attach_payload(frame, fragment->mbuf, fragment->payload_off, fragment->len))
			return false;
	}
	return true;
}

// Overwrites bytes of the copied headers, which may span segments.
static void
overwrite(const struct frame *frame, uint32_t off, const void *bytes, unsigned int n)
{
	struct rte_mbuf *segment = frame->head;

	assert(segment != NULL);
	for (unsigned int i = 0; i < n; i++, off++) {
		while (off >= segment->data_len) {
			off -= segment->data_len;
			segment = segment->next;
			assert(segment != NULL); // the headers are in the frame
		}
		*rte_pktmbuf_mtod_offset(segment, uint8_t *, off) = ((const uint8_t *)bytes)[i];
	}
}

static void
overwrite16(const struct frame *frame, uint32_t off, uint16_t value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	overwrite(frame, off, bytes, sizeof(bytes));
}

static void
correct_ipv4(const struct frame *frame, const struct frag_head *head, uint32_t payload_len)
{
	const uint32_t header_len = head->len - head->l3_off;
	const uint32_t sum_off =
		head->l3_off + (uint32_t)offsetof(struct rte_ipv4_hdr, hdr_checksum);
	uint16_t sum = 0;

	overwrite16(frame, head->l3_off + (uint32_t)offsetof(struct rte_ipv4_hdr, total_length),
		    (uint16_t)(header_len + payload_len));
	overwrite16(frame, head->l3_off + (uint32_t)offsetof(struct rte_ipv4_hdr, fragment_offset),
		    0);
	overwrite16(frame, sum_off, 0);
	checksum_sum(frame->head, head->l3_off, header_len, &sum);
	sum = (uint16_t)~sum;
	overwrite(frame, sum_off, &sum,
		  sizeof(sum)); // in the byte order that it was summed in
}

static void
correct_ipv6(const struct frame *frame, const struct frag_head *head, uint32_t payload_len)
{
	const uint32_t extensions_len =
		head->len - head->l3_off - (uint32_t)sizeof(struct rte_ipv6_hdr);

	overwrite16(frame, head->l3_off + (uint32_t)offsetof(struct rte_ipv6_hdr, payload_len),
		    (uint16_t)(extensions_len + payload_len));
	overwrite(frame, head->next_off, &head->next, 1);
}

struct rte_mbuf *
frag_join(struct frag_store *store, const struct datagram *datagram)
{
	struct frame frame = {.pool = store->segments};
	const struct fragment *first = datagram->first;

	while (first->off != 0)
		first = first->next;
	if (!copy_headers(&frame, first->mbuf, datagram->head.len) ||
	    !attach_payloads(store, &frame, datagram)) {
		rte_pktmbuf_free(frame.head);
		return NULL;
	}
	if (datagram->key.family == FAMILY_IPV4)
		correct_ipv4(&frame, &datagram->head, datagram->len);
	else
		correct_ipv6(&frame, &datagram->head, datagram->len);
	return frame.head;
}
