// SPDX-License-Identifier: BSD-3-Clause
//
// The packets of one capture, one by one, as Ethernet frames with time stamps in nanoseconds.
//
// libpcap reads pcap and pcapng; stream.h decompresses, level.h hides from libpcap what it cannot
// handle, link.h turns other link types into Ethernet.
//
// Life cycle: reader_open, reader_next until there are no more packets, reader_close. One thread.
#pragma once

#include <stdint.h>

// Bytes read of a frame: the longest IPv6 packet, and room for its link headers. Anything beyond is
// padding. DPDK's net_pcap counts the bytes after a frame's first buffer in 16 bits, and corrupts
// frames of 67,584 bytes and more.
#define FRAME_MAX 66000

// A packet as it was captured.
struct captured {
	const uint8_t *frame; // owned by the reader, valid until the next packet
	uint32_t len;         // captured bytes, FRAME_MAX at most
	uint32_t wire_len;    // original length, at least len
	uint64_t time_ns;
};

#define READER_WHY_SIZE 400

struct reader;

// => fd is a regular file that the caller keeps open until reader_close. On failure returns NULL
//    and writes the reason into why, as the rest of a sentence.
struct reader *reader_open(int fd, char why[READER_WHY_SIZE]);
void reader_close(struct reader *reader); // takes NULL

// The next packet.
// => Returns 1; 0 at the end; -1 on an error, with the reason in why.
int reader_next(struct reader *reader, struct captured *packet, char why[READER_WHY_SIZE]);
