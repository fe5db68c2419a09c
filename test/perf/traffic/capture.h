// SPDX-License-Identifier: BSD-3-Clause
//
// A pcap file that is written, a microsecond between two frames.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "frame.h"

struct capture {
	FILE *file;
	uint64_t n; // frames
};

// => Returns -1 with errno set when the file cannot be made.
int capture_open(struct capture *capture, const char *path);
void capture_write(struct capture *capture, const struct frame *frame);

// => Returns -1 with errno set when something could not be written, now or before.
int capture_close(struct capture *capture);
