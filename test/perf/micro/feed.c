// SPDX-License-Identifier: BSD-3-Clause
#include "feed.h"

#include <string.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#define POOL_SIZE 63

int
feed_open(struct feed *feed)
{
	feed->pool = rte_pktmbuf_pool_create("feed", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					     SOCKET_ID_ANY);
	if (feed->pool == NULL)
		return -1;
	return rte_pktmbuf_alloc_bulk(feed->pool, feed->mbufs, FEED_BURST);
}

void
feed_close(struct feed *feed)
{
	rte_pktmbuf_free_bulk(feed->mbufs, FEED_BURST);
	rte_mempool_free(feed->pool);
}

void
feed_add(struct feed *feed, struct burst *burst, uint32_t index, const struct packet_spec *spec,
	 uint64_t now_ns)
{
	struct rte_mbuf *mbuf = feed->mbufs[burst->n];
	struct flow flow = flow_make(&feed->family, index);
	struct packet_spec from_syn = *spec; // the caller counts from the SYNs
	struct frame frame;

	from_syn.seq += spec->is_reply ? flow.server_seq : flow.client_seq;
	if (spec->ack != 0)
		from_syn.ack += spec->is_reply ? flow.client_seq : flow.server_seq;
	frame_make(&frame, &feed->family, &flow, &from_syn);
	memcpy(rte_pktmbuf_mtod(mbuf, void *), frame.bytes, frame.len);
	mbuf->data_len = frame.len;
	mbuf->pkt_len = frame.len;
	mbuf->ol_flags = feed->nic_says;
	burst_add(burst, mbuf, 0, ++feed->seq, now_ns);
}
