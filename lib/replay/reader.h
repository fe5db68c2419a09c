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

// Longest frame, which is what libpcap takes for the longest packet.
#define FRAME_MAX 262144

// A packet as it was captured.
struct captured {
	const uint8_t *frame; // the reader's, until the next packet
	uint32_t len;         // bytes that were captured, at most FRAME_MAX
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
