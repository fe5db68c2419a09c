// SPDX-License-Identifier: BSD-3-Clause
#include "replay/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "replay/reader.h"

#define MBUFS        8191 // a pool: one less than a power of two
#define CAPTURES_MAX 64

// Packets that are read ahead per capture, and the number of bytes that is enough.
#define READ_AHEAD  32
#define AHEAD_BYTES 32768

#define BYTES_PER_DEVICE (64 * 1024) // that DPDK takes for a net_pcap device, generous

// A record in a pcap file, which is a header and the packet.
struct record_header {
	uint32_t seconds;
	uint32_t microseconds;
	uint32_t len;
	uint32_t wire_len;
};

#define BATCH_BYTES (READ_AHEAD * sizeof(struct record_header) + AHEAD_BYTES + FRAME_MAX)

// A capture that is being replayed: its device, and packets that were read ahead.
struct feed {
	struct reader *reader;
	char device[RTE_ETH_NAME_MAX_LEN];
	int file;     // in memory: a pcap file, all of which the device has read
	off_t at;     // where that continues
	bool is_open; // the device
	uint16_t ethdev;
	uint8_t port;
	uint64_t n_left; // not yet read
	uint16_t next;
	uint16_t n_ahead;
	struct arrival ahead[READ_AHEAD];
};

struct source {
	struct rte_mempool *pool;
	unsigned int n_feeds;
	bool is_short;
	struct feed feeds[CAPTURES_MAX];
	uint8_t batch[BATCH_BYTES]; // records for a device
};

uint64_t
source_bytes_for(unsigned int n_held)
{
	return bytes_of_object(sizeof(struct source)) +
	       bytes_of_mbufs(MBUFS + n_held, 0, RTE_MBUF_DEFAULT_BUF_SIZE) +
	       CAPTURES_MAX * (uint64_t)BYTES_PER_DEVICE;
}

struct source *
source_create(unsigned int n_held)
{
	struct source *source = rte_zmalloc("source", sizeof(*source), 0);

	if (source == NULL)
		return NULL;
	source->pool = rte_pktmbuf_pool_create("replay", MBUFS + n_held, 0, 0,
					       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (source->pool == NULL) {
		source_destroy(source);
		return NULL;
	}
	return source;
}

static void
close_feed(struct feed *feed)
{
	for (uint16_t i = feed->next; i < feed->n_ahead; i++)
		rte_pktmbuf_free(feed->ahead[i].mbuf);
	if (feed->is_open) {
		rte_eth_dev_stop(feed->ethdev);
		rte_eth_dev_close(feed->ethdev);
		rte_eal_hotplug_remove("vdev", feed->device);
	}
	if (feed->file >= 0)
		close(feed->file);
	reader_close(feed->reader);
}

void
source_destroy(struct source *source)
{
	if (source == NULL)
		return;
	for (unsigned int i = 0; i < source->n_feeds; i++)
		close_feed(&source->feeds[i]);
	rte_mempool_free(source->pool);
	rte_free(source);
}

// Creates the file in memory that a device reads, with just the header of a pcap file. Returns 0 or
// -errno.
static int
create_file(struct feed *feed)
{
	const struct pcap_file_header header = {
		.magic = 0xA1B2C3D4,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = FRAME_MAX,
		.linktype = DLT_EN10MB,
	};

	feed->file = memfd_create("capture", MFD_CLOEXEC);
	if (feed->file < 0 ||
	    pwrite(feed->file, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return errno == 0 ? -EIO : -errno;
	feed->at = sizeof(header);
	return 0;
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

// Returns 0 or -errno.
static int
open_device(const struct source *source, struct feed *feed)
{
	char arguments[64];
	int result = create_file(feed);

	if (result != 0)
		return result;
	snprintf(feed->device, sizeof(feed->device), "net_pcap%u", source->n_feeds);
	snprintf(arguments, sizeof(arguments), "rx_pcap=/proc/self/fd/%d", feed->file);
	result = rte_eal_hotplug_add("vdev", feed->device, arguments);
	if (result != 0)
		return result;
	result = start_device(source, feed);
	feed->is_open = result == 0;
	if (result != 0)
		rte_eal_hotplug_remove("vdev", feed->device);
	return result;
}

int
source_add(struct source *source, const struct capture *capture, uint8_t port,
	   struct errors *errors)
{
	struct feed *feed = &source->feeds[source->n_feeds];
	char why[READER_WHY_SIZE];
	int result;

	if (source->n_feeds == CAPTURES_MAX) {
		errors_add(errors, capture->path, 0,
			   "is one capture too many: %d can be replayed together", CAPTURES_MAX);
		return -1;
	}
	*feed = (struct feed){.file = -1, .port = port, .n_left = capture->n_packets};
	feed->reader = reader_open(capture->fd, why);
	if (feed->reader == NULL) {
		errors_add(errors, capture->path, 0, "%s", why);
		return -1;
	}
	result = open_device(source, feed);
	if (result != 0) {
		errors_add(errors, capture->path, 0, "net_pcap cannot replay it: %s",
			   rte_strerror(-result));
		close_feed(feed);
		return -1;
	}
	source->n_feeds++;
	return 0;
}

// Reads the next packets of the capture. Returns the length of their records in the batch.
static size_t
read_batch(struct source *source, struct feed *feed)
{
	char why[READER_WHY_SIZE];
	struct captured packet;
	size_t size = 0;

	feed->n_ahead = 0;
	while (feed->n_ahead < READ_AHEAD && feed->n_left > 0 && size < AHEAD_BYTES) {
		struct record_header header = {0};
		uint32_t padding;

		if (reader_next(feed->reader, &packet, why) != 1) {
			source->is_short = true; // the file has changed since it was counted
			feed->n_left = 0;
			break;
		}
		padding = RTE_MIN(packet.wire_len, (uint32_t)FRAME_MAX) - packet.len;
		header.len = packet.len + padding;
		header.wire_len = header.len;
		memcpy(source->batch + size, &header, sizeof(header));
		size += sizeof(header);
		memcpy(source->batch + size, packet.frame, packet.len);
		memset(source->batch + size + packet.len, 0, padding);
		size += header.len;
		feed->ahead[feed->n_ahead++] = (struct arrival){
			.time_ns = packet.time_ns,
			.len = packet.len,
			.wire_len = packet.wire_len,
			.port = feed->port,
		};
		feed->n_left--;
	}
	return size;
}

// Makes sure that the next packet of the capture, if any, has been read. The part of the file that
// the device has read is freed first; the device continues at its position.
static bool
read_ahead(struct source *source, struct feed *feed)
{
	struct rte_mbuf *delivered[READ_AHEAD];
	uint16_t n_delivered = 0;
	size_t size;

	if (feed->next < feed->n_ahead)
		return true;
	feed->next = 0;
	size = read_batch(source, feed);
	if (ftruncate(feed->file, 0) == 0 &&
	    pwrite(feed->file, source->batch, size, feed->at) == (ssize_t)size)
		n_delivered = rte_eth_rx_burst(feed->ethdev, 0, delivered, feed->n_ahead);
	for (uint16_t i = 0; i < n_delivered; i++)
		feed->ahead[i].mbuf = delivered[i];
	feed->at += (off_t)size;
	if (n_delivered != feed->n_ahead) {
		source->is_short = true; // out of memory
		feed->n_left = 0;
	}
	feed->n_ahead = n_delivered;
	return feed->n_ahead > 0;
}

// The capture with the earliest next packet, NULL when all are at their end.
static struct feed *
earliest(struct source *source)
{
	struct feed *best = NULL;

	for (unsigned int i = 0; i < source->n_feeds; i++) {
		struct feed *feed = &source->feeds[i];

		if (read_ahead(source, feed) &&
		    (best == NULL ||
		     feed->ahead[feed->next].time_ns < best->ahead[best->next].time_ns))
			best = feed;
	}
	return best;
}

bool
source_peek(struct source *source, uint64_t *time_ns)
{
	const struct feed *feed = earliest(source);

	if (feed == NULL)
		return false;
	*time_ns = feed->ahead[feed->next].time_ns;
	return true;
}

struct arrival
source_take(struct source *source)
{
	struct feed *feed = earliest(source);

	CONTRACT(feed != NULL);
	return feed->ahead[feed->next++];
}

bool
source_is_short(const struct source *source)
{
	return source->is_short;
}
