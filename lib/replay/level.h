// SPDX-License-Identifier: BSD-3-Clause
//
// A capture on its way to libpcap, without what libpcap trips over although the packets are fine:
// - it cuts packets to the snapshot length that a header claims, or calls them damaged, although
//   the bytes are there;
// - it refuses a pcapng file whose interfaces have different snapshot lengths or link types,
//   although every packet names its interface;
// - it miscalculates or refuses time stamps of an extremely fine resolution.
// So all headers are made to claim the same, the link type of each packet is provided separately,
// and time stamps finer than libpcap can handle are made coarser, which does not affect
// nanoseconds.
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
	uint64_t too_fine; // how many of its time units make one reported unit; 0: too many to
			   // count
};

struct level {
	struct stream *stream; // not owned
	const char *fault;     // NULL: none other than the stream's
	struct level_interface
		*interfaces; // owned; those of the section, or the one of a pcap file
	uint32_t n_interfaces;
	uint32_t interface; // of the packet that was read last
	uint32_t wire_len;  // of that packet, if libpcap gets another one; 0: the same
	bool has_blocks;    // it is pcapng
	bool has_section;   // the first has begun
	bool is_swapped;    // its byte order is not this machine's
	bool has_begun;
	// The next bytes to return: the head of the current block, then the rest of it, unchanged.
	uint8_t *head; // owned
	uint32_t head_capacity;
	uint32_t head_len;
	uint32_t head_at;
	uint64_t rest;
};

// => The stream stays the caller's, and open until level_fini.
void level_init(struct level *level, struct stream *stream);
void level_fini(struct level *level);

// Returns the next bytes, never beyond the end of a packet's block.
// => Returns as stream_read does; level_fault says what is wrong.
ssize_t level_read(struct level *level, char *bytes, size_t size);
const char *level_fault(const struct level *level);

// The link type (LINKTYPE_...) of the last packet read; UINT32_MAX if its interface does not exist.
uint32_t level_link(const struct level *level);

// Whether a file that begins with these bytes is pcap or pcapng, in either byte order.
bool level_is_capture(const uint8_t bytes[4]);
