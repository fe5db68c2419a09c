// SPDX-License-Identifier: BSD-3-Clause
//
// The packets of one capture, one by one, as Ethernet frames with time stamps in nanoseconds.
//
// libpcap reads pcap and pcapng; stream.h decompresses, level.h keeps from libpcap what it minds
// and the packets do not, link.h makes Ethernet of other links.
//
// Life cycle: reader_open, reader_next until it says that there are no more, reader_close. One
// thread.
#pragma once

#include <stdint.h>

// Bytes of a frame that are read: the longest packet of IPv6, and room for the headers of its link.
// What is behind that is padding. DPDK's net_pcap counts the bytes of a frame with 16 bits from the
// end of its first buffer on, and makes a mess of frames of 67,584 bytes and more.
#define FRAME_MAX 66000

// A packet as it was captured.
struct captured {
	const uint8_t *frame; // the reader's, until the next packet
	uint32_t len;         // bytes that were captured, FRAME_MAX of them at most
	uint32_t wire_len;    // bytes that it had, never less
	uint64_t time_ns;
};

#define READER_WHY_SIZE 400

struct reader;

// => fd is a regular file, stays the caller's, and open until reader_close. Returns NULL and writes
//    into why what is wrong, a sentence without its subject.
struct reader *reader_open(int fd, char why[READER_WHY_SIZE]);
void reader_close(struct reader *reader); // takes NULL

// The next packet.
// => Returns 1; 0: there are no more; -1: there are, and why says what is wrong with them.
int reader_next(struct reader *reader, struct captured *packet, char why[READER_WHY_SIZE]);
