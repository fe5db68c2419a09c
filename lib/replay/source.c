// SPDX-License-Identifier: BSD-3-Clause
#include "replay/source.h"

#include <stdio.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>

#include "base/clock.h"

#define MBUFS        8191 // a pool: one less than a power of two
#define READ_AHEAD   32
#define CAPTURES_MAX 64

#define USEC_PER_SEC INT64_C(1000000)
#define TIME_MAX_US  (INT64_C(8000000000) * USEC_PER_SEC) // in 2223; nanoseconds still fit then

// A capture that is being replayed: its device, and packets that were read ahead.
struct feed {
	char device[RTE_ETH_NAME_MAX_LEN];
	uint16_t ethdev;
	uint8_t port;
	uint64_t n_left; // not yet received: net_pcap never says that the file has ended
	uint16_t next;
	uint16_t n_ahead;
	struct rte_mbuf *ahead[READ_AHEAD];
};

struct source {
	struct rte_mempool *pool;
	int timestamp_offset; // of the time stamp in an mbuf
	unsigned int n_feeds;
	bool is_short;
	struct feed feeds[CAPTURES_MAX];
};

struct source *
source_create(unsigned int n_held)
{
	struct source *source = rte_zmalloc("source", sizeof(*source), 0);

	if (source == NULL)
		return NULL;
	source->pool = rte_pktmbuf_pool_create("replay", MBUFS + n_held, 0, 0,
					       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (source->pool == NULL ||
	    rte_mbuf_dyn_rx_timestamp_register(&source->timestamp_offset, NULL) != 0) {
		source_destroy(source);
		return NULL;
	}
	return source;
}

void
source_destroy(struct source *source)
{
	if (source == NULL)
		return;
	for (unsigned int i = 0; i < source->n_feeds; i++) {
		struct feed *feed = &source->feeds[i];

		rte_pktmbuf_free_bulk(feed->ahead + feed->next, feed->n_ahead - feed->next);
		rte_eth_dev_stop(feed->ethdev);
		rte_eth_dev_close(feed->ethdev);
		rte_eal_hotplug_remove("vdev", feed->device);
	}
	rte_mempool_free(source->pool);
	rte_free(source);
}

static int
start_device(const struct source *source, struct feed *feed)
{
	struct rte_eth_conf config = {0};
	int result = rte_eth_dev_get_port_by_name(feed->device, &feed->ethdev);

	if (result == 0)
		result = rte_eth_dev_configure(feed->ethdev, 1, 1, &config);
	if (result == 0)
		result = rte_eth_rx_queue_setup(feed->ethdev, 0, READ_AHEAD, SOCKET_ID_ANY, NULL,
						source->pool);
	if (result == 0)
		result = rte_eth_tx_queue_setup(feed->ethdev, 0, READ_AHEAD, SOCKET_ID_ANY, NULL);
	return result == 0 ? rte_eth_dev_start(feed->ethdev) : result;
}

int
source_add(struct source *source, const struct capture *capture, uint8_t port,
	   struct errors *errors)
{
	struct feed *feed = &source->feeds[source->n_feeds];
	char arguments[64];
	int result;

	if (source->n_feeds == CAPTURES_MAX) {
		errors_add(errors, capture->path, 0,
			   "is one capture too many: %d can be replayed together", CAPTURES_MAX);
		return -1;
	}
	snprintf(feed->device, sizeof(feed->device), "net_pcap%u", source->n_feeds);
	snprintf(arguments, sizeof(arguments), "rx_pcap=" CAPTURE_PATH, capture->fd);
	result = rte_eal_hotplug_add("vdev", feed->device, arguments);
	if (result == 0) {
		result = start_device(source, feed);
		if (result != 0)
			rte_eal_hotplug_remove("vdev", feed->device);
	}
	if (result != 0) {
		errors_add(errors, capture->path, 0, "net_pcap cannot replay it: %s",
			   rte_strerror(-result));
		return -1;
	}
	feed->port = port;
	feed->n_left = capture->n_packets;
	source->n_feeds++;
	return 0;
}

// The seconds of a pcap file have 32 bits. libpcap takes them for signed, so that those from 2038
// on come out negative. What a pcapng file says with 64 bits is brought back into range.
static uint64_t
time_of(const struct source *source, const struct rte_mbuf *mbuf)
{
	int64_t time_us = (int64_t)*RTE_MBUF_DYNFIELD(mbuf, source->timestamp_offset,
						      const rte_mbuf_timestamp_t *);

	if (time_us < 0)
		time_us += (INT64_C(1) << 32) * USEC_PER_SEC;
	time_us = RTE_MAX(time_us, INT64_C(0));
	return (uint64_t)RTE_MIN(time_us, TIME_MAX_US) * NS_PER_USEC;
}

// Makes sure that a packet of the capture is at hand, if there is one left.
static bool
read_ahead(struct source *source, struct feed *feed)
{
	if (feed->next < feed->n_ahead)
		return true;
	if (feed->n_left == 0)
		return false;
	feed->next = 0;
	feed->n_ahead = rte_eth_rx_burst(feed->ethdev, 0, feed->ahead, READ_AHEAD);
	if (feed->n_ahead == 0 || feed->n_ahead > feed->n_left) {
		// The file is not what it was when it was counted.
		source->is_short = true;
		feed->n_left = 0;
		return feed->n_ahead > 0;
	}
	feed->n_left -= feed->n_ahead;
	return true;
}

// The capture whose next packet is the earliest, NULL when all are at their end.
static struct feed *
earliest(struct source *source)
{
	struct feed *best = NULL;
	uint64_t best_ns = 0;

	for (unsigned int i = 0; i < source->n_feeds; i++) {
		struct feed *feed = &source->feeds[i];
		uint64_t time_ns;

		if (!read_ahead(source, feed))
			continue;
		time_ns = time_of(source, feed->ahead[feed->next]);
		if (best == NULL || time_ns < best_ns) {
			best = feed;
			best_ns = time_ns;
		}
	}
	return best;
}

bool
source_peek(struct source *source, uint64_t *time_ns)
{
	const struct feed *feed = earliest(source);

	if (feed == NULL)
		return false;
	*time_ns = time_of(source, feed->ahead[feed->next]);
	return true;
}

struct rte_mbuf *
source_take(struct source *source, uint8_t *port, uint64_t *time_ns)
{
	struct feed *feed = earliest(source);
	struct rte_mbuf *mbuf = feed->ahead[feed->next++];

	*port = feed->port;
	*time_ns = time_of(source, mbuf);
	return mbuf;
}

bool
source_is_short(const struct source *source)
{
	return source->is_short;
}
