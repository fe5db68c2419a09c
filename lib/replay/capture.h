// SPDX-License-Identifier: BSD-3-Clause
//
// Capture files before they are replayed.
#pragma once

#include <stdint.h>

#include "base/errors.h"

// As a path: standard input.
#define CAPTURE_STDIN "-"

// A capture that has been read to its end once and can be replayed.
struct capture {
	const char *path; // as the user gave it, or "standard input"
	int fd;           // a regular file: the capture, or a copy if it cannot be read twice
	uint64_t n_packets;
};

// Opens a capture, pcap or pcapng, compressed or not, reads it to its end and counts its packets.
// What comes through a pipe or from standard input is copied, decompressed, to a file without a
// name in $TMPDIR or /tmp.
// => Returns 0, or -1 with one error added: it cannot be opened, is no capture, is a device, is cut
//    off, or has a packet whose link type (named) cannot be read. On success the caller closes it
//    with capture_close.
// => Waits a few seconds at most for a writer of a FIFO, without limit for standard input.
int capture_open(struct capture *capture, const char *path, struct errors *errors);
void capture_close(struct capture *capture);
