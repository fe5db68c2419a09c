// SPDX-License-Identifier: BSD-3-Clause
//
// The packets of a replay from the first one whose verdict is not yet written.
//
// Life cycle: backlog_init, backlog_push for every packet, backlog_pop when the first one's verdict
// is written, backlog_fini. When memory runs out, the process prints that on standard error and
// aborts.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A packet, and what is to be written about it once it is the first one.
struct backlog_entry {
	uint64_t time_ns; // its own time stamp
	uint32_t len;     // captured bytes
	uint32_t wire_len;
	char *line;     // of the verdicts, owned; NULL: not wanted, or not yet judged
	uint8_t *frame; // owned; NULL likewise
	uint32_t frame_len;
	bool is_judged;
	bool is_accepted;
};

struct backlog {
	struct backlog_entry *entries; // a ring
	size_t capacity;               // a power of two
	uint64_t first;                // number of the first packet in it
	uint64_t next;                 // of the next packet to arrive
};

// Empty; the first packet to come has number 1.
void backlog_init(struct backlog *backlog);
void backlog_fini(struct backlog *backlog);

void backlog_push(struct backlog *backlog, uint64_t time_ns, uint32_t len, uint32_t wire_len);

// The entry of a packet.
// => It is in the backlog.
struct backlog_entry *backlog_find(struct backlog *backlog, uint64_t number);

// The entry of the first packet, NULL when there is none.
struct backlog_entry *backlog_first(struct backlog *backlog);

// The first packet is done with.
// => There is one.
void backlog_pop(struct backlog *backlog);

// Memory for an entry.
// => free(3) gives it back.
void *backlog_allocate(size_t size);
