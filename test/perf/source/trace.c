// SPDX-License-Identifier: BSD-3-Clause
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <pcap/pcap.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>

#include "rss.h"

#define HUGE_PAGE (2UL << 20)

// What a capture needs.
struct extent {
	uint64_t slots;
	uint32_t n;
	bool is_even; // every packet has one slot
};

static uint32_t
slots_of(uint32_t len)
{
	return (len + TRACE_SLOT - 1) / TRACE_SLOT;
}

static uint64_t
fold_ipv6(const uint8_t *address)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return words[0] ^ words[1];
}

// The same for both directions of a flow; 0 for what is not IP.
static uint32_t
symmetric_hash(const uint8_t *frame, uint32_t len)
{
	rte_be16_t type;
	uint16_t ports[2];
	uint32_t ipv4[2];
	uint64_t src, dst, both_ports;

	memcpy(&type, frame + 12, sizeof(type));
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && len >= 38) {
		memcpy(ipv4, frame + 26, sizeof(ipv4));
		memcpy(ports, frame + 34, sizeof(ports));
		src = ipv4[0];
		dst = ipv4[1];
	} else if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && len >= 58) {
		src = fold_ipv6(frame + 22);
		dst = fold_ipv6(frame + 38);
		memcpy(ports, frame + 54, sizeof(ports));
	} else {
		return 0;
	}
	both_ports = (uint64_t)(ports[0] ^ ports[1]) << 32 | (uint32_t)(ports[0] + ports[1]);
	return rte_hash_crc_8byte(both_ports,
				  rte_hash_crc_8byte(src + dst, rte_hash_crc_8byte(src ^ dst, 0)));
}

static bool
is_in_share(const struct trace_share *share, const uint8_t *frame, uint32_t len, uint32_t *hash)
{
	if (share->rss == NULL) {
		*hash = symmetric_hash(frame, len);
		return *hash % share->n_queues == share->queue;
	}
	*hash = rss_hash(share->rss, frame, len);
	return rss_queue(share->rss, *hash) == share->queue;
}

// Calls visit for each packet of the share, in order.
static int
walk(const char *path, const struct trace_share *share,
     void (*visit)(void *context, const uint8_t *frame, uint32_t len, uint32_t hash), void *context)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const uint8_t *frame;
	pcap_t *file = pcap_open_offline(path, error);
	int result = -1;

	if (file == NULL) {
		fprintf(stderr, "net_trace: %s\n", error);
		return -1;
	}
	if (pcap_datalink(file) == DLT_EN10MB) {
		while ((result = pcap_next_ex(file, &header, &frame)) == 1) {
			uint32_t hash;

			if (header->caplen < RTE_ETHER_HDR_LEN || header->caplen > TRACE_FRAME_MAX)
				continue;
			if (is_in_share(share, frame, header->caplen, &hash))
				visit(context, frame, header->caplen, hash);
		}
	}
	pcap_close(file);
	if (result == PCAP_ERROR_BREAK)
		return 0;
	fprintf(stderr, "net_trace: %s is no whole Ethernet capture\n", path);
	return -1;
}

static void
measure(void *context, const uint8_t *frame, uint32_t len, uint32_t hash)
{
	struct extent *extent = context;

	(void)frame, (void)hash;
	extent->n++;
	extent->slots += slots_of(len);
	extent->is_even &= len <= TRACE_SLOT;
}

// The trace's arrays are filled as far as slots and n say.
struct filling {
	struct trace *trace;
	uint64_t slots;
};

static void
append(void *context, const uint8_t *frame, uint32_t len, uint32_t hash)
{
	struct filling *filling = context;
	struct trace *trace = filling->trace;

	memcpy(trace->bytes + filling->slots * TRACE_SLOT, frame, len);
	if (trace->slots != NULL)
		trace->slots[trace->n] = (uint32_t)filling->slots;
	trace->lengths[trace->n] = (uint16_t)len;
	trace->hashes[trace->n] = hash;
	filling->slots += slots_of(len);
	trace->n++;
}

// Zeroed, in huge pages where the kernel has some.
static void *
alloc_huge(size_t size)
{
	size_t rounded = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	void *memory = aligned_alloc(HUGE_PAGE, rounded);

	if (memory == NULL)
		return NULL;
	(void)madvise(memory, rounded, MADV_HUGEPAGE);
	return memset(memory, 0, rounded);
}

int
trace_load(struct trace *trace, const char *path, const struct trace_share *share)
{
	struct extent extent = {.is_even = true};
	struct filling filling = {.trace = trace};

	*trace = (struct trace){0};
	if (walk(path, share, measure, &extent) != 0)
		return -1;
	// One slot more: packets of one slot are copied whole.
	trace->bytes = alloc_huge((extent.slots + 1) * TRACE_SLOT);
	trace->lengths = alloc_huge((extent.n + 1) * sizeof(*trace->lengths));
	trace->hashes = alloc_huge((extent.n + 1) * sizeof(*trace->hashes));
	if (!extent.is_even)
		trace->slots = alloc_huge((extent.n + 1) * sizeof(*trace->slots));
	if (trace->bytes == NULL || trace->lengths == NULL || trace->hashes == NULL ||
	    (!extent.is_even && trace->slots == NULL)) {
		fprintf(stderr, "net_trace: no memory for %s\n", path);
		trace_free(trace);
		return -1;
	}
	return walk(path, share, append, &filling);
}

void
trace_free(struct trace *trace)
{
	free(trace->bytes);
	free(trace->lengths);
	free(trace->hashes);
	free(trace->slots);
	*trace = (struct trace){0};
}
