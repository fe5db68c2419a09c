// SPDX-License-Identifier: BSD-3-Clause
#include "replay/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_common.h>
#include <rte_ether.h>

#include "base/clock.h"
#include "replay/level.h"
#include "replay/link.h"

#define BUFFER_BYTES 65536
#define TIME_MAX_SEC INT64_C(8000000000)              // in 2223; nanoseconds still fit into 64 bits
#define WIRE_MAX     (UINT32_MAX - RTE_ETHER_HDR_LEN) // an Ethernet header may be added

struct reader {
	struct stream *stream;
	struct level level;
	pcap_t *pcap;                                // reads from level
	uint64_t n;                                  // packets read so far
	uint8_t made[RTE_ETHER_HDR_LEN + FRAME_MAX]; // a frame of a link that is not Ethernet
};

static ssize_t
read_cookie(void *cookie, char *bytes, size_t size)
{
	return level_read(cookie, bytes, size);
}

// What is wrong, as reported by the layer that noticed it first.
static const char *
fault_of(const struct reader *reader, const char *of_libpcap)
{
	const char *fault = level_fault(&reader->level);

	return fault == NULL ? of_libpcap : fault;
}

static pcap_t *
open_pcap(struct reader *reader, char message[PCAP_ERRBUF_SIZE])
{
	FILE *file = fopencookie(&reader->level, "r", (cookie_io_functions_t){.read = read_cookie});
	pcap_t *pcap;

	if (file == NULL) {
		snprintf(message, PCAP_ERRBUF_SIZE, "no memory");
		return NULL;
	}
	setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message);
	if (pcap == NULL)
		fclose(file);
	return pcap;
}

struct reader *
reader_open(int fd, char why[READER_WHY_SIZE])
{
	struct reader *reader = calloc(1, sizeof(*reader));
	char message[PCAP_ERRBUF_SIZE] = "";

	if (reader != NULL)
		reader->stream = stream_open(fd, STREAM_PATIENT);
	if (reader == NULL || reader->stream == NULL) {
		snprintf(why, READER_WHY_SIZE, "no memory to read it");
		free(reader);
		return NULL;
	}
	level_init(&reader->level, reader->stream);
	reader->pcap = open_pcap(reader, message);
	if (reader->pcap != NULL)
		return reader;
	snprintf(why, READER_WHY_SIZE, "cannot be read as a capture: %s",
		 fault_of(reader, message));
	reader_close(reader);
	return NULL;
}

void
reader_close(struct reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->pcap != NULL)
		pcap_close(reader->pcap); // and the file that reads from level
	level_fini(&reader->level);
	stream_close(reader->stream);
	free(reader);
}

// The seconds of a pcap file have 32 bits, which libpcap treats as signed, so that they are
// negative from 2038 on. The 64-bit times of a pcapng file are clamped.
static uint64_t
time_of(const struct reader *reader, const struct timeval *stamp)
{
	int64_t seconds = stamp->tv_sec;

	if (seconds < 0 && !reader->level.has_blocks)
		seconds += INT64_C(1) << 32;
	seconds = RTE_MIN(RTE_MAX(seconds, INT64_C(0)), TIME_MAX_SEC);
	return (uint64_t)seconds * NS_PER_SEC + (uint64_t)stamp->tv_usec; // nanoseconds here
}

// Replaces the link header, or what there is of it, by an Ethernet header.
static void
make_frame(struct reader *reader, const struct link *link, struct captured *packet)
{
	const uint32_t header_len = link_header_len(link);
	uint32_t payload;

	if (packet->len < header_len) {
		packet->wire_len = packet->wire_len < header_len
					   ? 0
					   : packet->wire_len - header_len + RTE_ETHER_HDR_LEN;
		packet->len = 0;
		return;
	}
	payload = RTE_MIN(packet->len - header_len, (uint32_t)(FRAME_MAX - RTE_ETHER_HDR_LEN));
	link_make_ethernet(link, packet->frame, packet->len, reader->made);
	memcpy(reader->made + RTE_ETHER_HDR_LEN, packet->frame + header_len, payload);
	packet->frame = reader->made;
	packet->len = RTE_ETHER_HDR_LEN + payload;
	packet->wire_len = packet->wire_len - header_len + RTE_ETHER_HDR_LEN;
}

int
reader_next(struct reader *reader, struct captured *packet, char why[READER_WHY_SIZE])
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = pcap_next_ex(reader->pcap, &header, &bytes);
	const struct link *link;

	if (result != 1 && level_fault(&reader->level) == NULL && result != PCAP_ERROR)
		return 0;
	if (result != 1) {
		snprintf(why, READER_WHY_SIZE, "%s behind packet %" PRIu64 ": %s",
			 level_fault(&reader->level) == NULL ? "is damaged" : "cannot be read",
			 reader->n, fault_of(reader, pcap_geterr(reader->pcap)));
		return -1;
	}
	reader->n++;
	link = link_find(level_link(&reader->level));
	if (link == NULL) {
		char name[LINK_NAME_SIZE];

		link_format(level_link(&reader->level), name);
		snprintf(why, READER_WHY_SIZE,
			 "link type %s of packet %" PRIu64 " is not supported", name, reader->n);
		return -1;
	}
	*packet = (struct captured){
		.frame = bytes,
		.len = RTE_MIN(header->caplen, (uint32_t)FRAME_MAX),
		.wire_len = RTE_MIN(RTE_MAX(header->len, reader->level.wire_len), WIRE_MAX),
		.time_ns = time_of(reader, &header->ts),
	};
	packet->wire_len = RTE_MAX(packet->wire_len, packet->len);
	if (link != link_find(LINK_ETHERNET))
		make_frame(reader, link, packet);
	return 1;
}
