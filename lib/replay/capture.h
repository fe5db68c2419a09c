// SPDX-License-Identifier: BSD-3-Clause
//
// Capture files before they are replayed.
#pragma once

#include <stdint.h>

#include "base/errors.h"

// A capture that has been read once to its end and can be replayed.
struct capture {
	const char *path; // as the user gave it
	int fd;           // what to read, by CAPTURE_PATH
	uint64_t n_packets;
};

// The path by which this process reads a capture: one without the commas that DPDK's device
// arguments would stumble over.
#define CAPTURE_PATH "/proc/self/fd/%d"

// Opens a capture, pcap or pcapng, reads it to its end and counts its packets.
// => Returns 0, or -1 with one error added: it cannot be opened, is no capture, is cut off, or its
//    link type (named) is not Ethernet. On success the caller closes it with capture_close.
int capture_open(struct capture *capture, const char *path, struct errors *errors);
void capture_close(struct capture *capture);
