// SPDX-License-Identifier: BSD-3-Clause
#include "replay/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>

#include "base/clock.h"

#define MBUFS       8191 // a pool: one less than a power of two
#define READ_AHEAD  32
#define CAPTURES_MAX 64

// One capture: its device, and packets that were read ahead.
struct capture {
	char device[RTE_ETH_NAME_MAX_LEN];
	int fd; // the file, which the device opens again by its number: a path may hold a comma
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
	unsigned int n_captures;
	bool is_short;
	struct capture captures[CAPTURES_MAX];
};

struct source *
source_create(void)
{
	struct source *source = rte_zmalloc("source", sizeof(*source), 0);

	if (source == NULL)
		return NULL;
	source->pool = rte_pktmbuf_pool_create("replay", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					       SOCKET_ID_ANY);
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
	for (unsigned int i = 0; i < source->n_captures; i++) {
		struct capture *capture = &source->captures[i];

		rte_pktmbuf_free_bulk(capture->ahead + capture->next,
				      capture->n_ahead - capture->next);
		rte_eth_dev_stop(capture->ethdev);
		rte_eth_dev_close(capture->ethdev);
		rte_eal_hotplug_remove("vdev", capture->device);
		close(capture->fd);
	}
	rte_mempool_free(source->pool);
	rte_free(source);
}

static int
start_device(const struct source *source, struct capture *capture)
{
	struct rte_eth_conf config = {0};
	int result = rte_eth_dev_get_port_by_name(capture->device, &capture->ethdev);

	if (result == 0)
		result = rte_eth_dev_configure(capture->ethdev, 1, 1, &config);
	if (result == 0)
		result = rte_eth_rx_queue_setup(capture->ethdev, 0, READ_AHEAD, SOCKET_ID_ANY,
						NULL, source->pool);
	if (result == 0)
		result = rte_eth_tx_queue_setup(capture->ethdev, 0, READ_AHEAD, SOCKET_ID_ANY,
						NULL);
	return result == 0 ? rte_eth_dev_start(capture->ethdev) : result;
}

int
source_add(struct source *source, const char *path, uint8_t port, uint64_t n_packets,
	   struct errors *errors)
{
	struct capture *capture = &source->captures[source->n_captures];
	char arguments[64];
	int result;

	if (source->n_captures == CAPTURES_MAX) {
		errors_add(errors, path, 0, "is one capture too many: %d can be replayed together",
			   CAPTURES_MAX);
		return -1;
	}
	capture->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (capture->fd < 0) {
		errors_add(errors, path, 0, "cannot be opened");
		return -1;
	}
	snprintf(capture->device, sizeof(capture->device), "net_pcap%u", source->n_captures);
	snprintf(arguments, sizeof(arguments), "rx_pcap=/proc/self/fd/%d", capture->fd);
	result = rte_eal_hotplug_add("vdev", capture->device, arguments);
	if (result == 0) {
		result = start_device(source, capture);
		if (result != 0)
			rte_eal_hotplug_remove("vdev", capture->device);
	}
	if (result != 0) {
		close(capture->fd);
		errors_add(errors, path, 0, "net_pcap cannot replay it: %s",
			   rte_strerror(-result));
		return -1;
	}
	capture->port = port;
	capture->n_left = n_packets;
	source->n_captures++;
	return 0;
}

static uint64_t
time_of(const struct source *source, const struct rte_mbuf *mbuf)
{
	return *RTE_MBUF_DYNFIELD(mbuf, source->timestamp_offset, const rte_mbuf_timestamp_t *) *
	       NS_PER_USEC;
}

// Makes sure that a packet of the capture is at hand, if there is one left.
static bool
read_ahead(struct source *source, struct capture *capture)
{
	if (capture->next < capture->n_ahead)
		return true;
	if (capture->n_left == 0)
		return false;
	capture->next = 0;
	capture->n_ahead = rte_eth_rx_burst(capture->ethdev, 0, capture->ahead, READ_AHEAD);
	if (capture->n_ahead == 0 || capture->n_ahead > capture->n_left) {
		// The file is not what it was when it was counted.
		source->is_short = true;
		capture->n_left = 0;
		return capture->n_ahead > 0;
	}
	capture->n_left -= capture->n_ahead;
	return true;
}

// The capture whose next packet is the earliest, NULL when all are at their end.
static struct capture *
earliest(struct source *source)
{
	struct capture *best = NULL;
	uint64_t best_ns = 0;

	for (unsigned int i = 0; i < source->n_captures; i++) {
		struct capture *capture = &source->captures[i];
		uint64_t time_ns;

		if (!read_ahead(source, capture))
			continue;
		time_ns = time_of(source, capture->ahead[capture->next]);
		if (best == NULL || time_ns < best_ns) {
			best = capture;
			best_ns = time_ns;
		}
	}
	return best;
}

bool
source_peek(struct source *source, uint64_t *time_ns)
{
	const struct capture *capture = earliest(source);

	if (capture == NULL)
		return false;
	*time_ns = time_of(source, capture->ahead[capture->next]);
	return true;
}

struct rte_mbuf *
source_take(struct source *source, uint8_t *port, uint64_t *time_ns)
{
	struct capture *capture = earliest(source);
	struct rte_mbuf *mbuf = capture->ahead[capture->next++];

	*port = capture->port;
	*time_ns = time_of(source, mbuf);
	return mbuf;
}

bool
source_is_short(const struct source *source)
{
	return source->is_short;
}
