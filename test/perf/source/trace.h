// SPDX-License-Identifier: BSD-3-Clause
//
// The packets of a capture, one behind the other in memory of huge pages: reading them in order
// costs next to nothing, however many there are.
#pragma once

#include <stdint.h>

#define TRACE_SLOT      64   // bytes; a packet begins at a slot
#define TRACE_FRAME_MAX 1536 // the longest frame that is taken

struct trace {
	uint8_t *bytes;
	uint32_t *slots;   // packet -> its first slot; NULL when every packet has one slot
	uint16_t *lengths; // packet -> bytes
	uint32_t *hashes;  // packet -> the hash it was dealt by
	uint32_t n;
};

struct rss;

// One queue's part of a capture: whole flows, both directions.
struct trace_share {
	unsigned int queue;
	unsigned int n_queues;
	const struct rss *rss; // deals them; NULL: they are dealt by addresses and ports
};

// => Returns -1 when the file cannot be read, is no Ethernet capture, or memory is short, and has
//    told so on standard error.
int trace_load(struct trace *trace, const char *path, const struct trace_share *share);
void trace_free(struct trace *trace);
