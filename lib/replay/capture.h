// SPDX-License-Identifier: BSD-3-Clause
//
// Capture files before they are replayed.
#pragma once

#include <stdint.h>

#include "base/errors.h"

// Reads a capture, pcap or pcapng, to its end and counts its packets.
// => Returns 0, or -1 with one error added: it cannot be opened, is no capture, is cut off, or its
//    link type (named) is not Ethernet.
int capture_count(const char *path, uint64_t *n_packets, struct errors *errors);
