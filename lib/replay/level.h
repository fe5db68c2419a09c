// SPDX-License-Identifier: BSD-3-Clause
//
// A capture on its way to libpcap, without what libpcap minds and the packets do not:
// - it cuts packets down to the snapshot length that a header claims, or calls them damage,
// although
//   the bytes are there;
// - it refuses a pcapng file whose interfaces have different snapshot lengths or link types,
// although
//   every packet says which interface is its own;
// - it reckons wrong, or not at all, with time stamps of a finer resolution than anybody measures.
// All headers claim the same instead, the link type of each packet is told beside, and time stamps
// that are too fine are made coarser, of which nanoseconds notice nothing.
//
// Life cycle: level_init, level_read until the end, level_fini. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "replay/stream.h"

// An interface of a pcapng section.
struct level_interface {
	uint32_t link;
	uint32_t snaplen;  // 0: no limit
	uint64_t too_fine; // how many of its units of time make one that is told; 0: too many to
			   // count
};

struct level {
	struct stream *stream; // not owned
	const char *fault;     // NULL: none that is not the stream's
	struct level_interface
		*interfaces; // owned; those of the section, or the one of a pcap file
	uint32_t n_interfaces;
	uint32_t interface; // of the packet that was read last
	uint32_t wire_len;  // of that packet, when libpcap is told another; 0: it is not
	bool has_blocks;    // it is pcapng
	bool has_section;   // the first has begun
	bool is_swapped;    // its numbers have the other byte order
	bool has_begun;
	// What is read next: the head of the block at hand, then the rest of it, as it is.
	uint8_t *head; // owned
	uint32_t head_capacity;
	uint32_t head_len;
	uint32_t head_at;
	uint64_t rest;
};

// => The stream stays the caller's, and open until level_fini.
void level_init(struct level *level, struct stream *stream);
void level_fini(struct level *level);

// The next bytes, never more than to the end of a packet's block.
// => Returns as stream_read does; level_fault says what is wrong.
ssize_t level_read(struct level *level, char *bytes, size_t size);
const char *level_fault(const struct level *level);

// The link type (LINKTYPE_...) of the packet that was read last, UINT32_MAX: its interface is none.
uint32_t level_link(const struct level *level);

// Whether a file that begins with these bytes is pcap or pcapng, in any byte order.
bool level_is_capture(const uint8_t bytes[4]);
