// SPDX-License-Identifier: BSD-3-Clause
//
// What a replay writes: verdicts, events, the table, accepted and dropped packets, a summary.
//
// A fragment is judged with its datagram, later than packets behind it. Lines are written in the
// order of the packets' numbers all the same: what is behind it waits in memory.
//
// Life cycle: output_open; output_arrival for every packet in order and output_verdict for each, in
// any order; output_events as they come; output_table at the end; output_close. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "engine/engine.h"
#include "packet/packet.h"

// Paths; "-" is standard output, NULL: not wanted.
struct output_paths {
	const char *verdicts;
	const char *table;
	const char *events;
	const char *accepted;
	const char *dropped;
	const char *answers;
};

struct output;

// => The snapshot must outlive the output. Returns NULL with errors added when a file cannot be
//    opened.
struct output *output_open(const struct output_paths *paths, const struct snapshot *snapshot,
			   struct errors *errors);

// From the next verdict on, rules are those of this snapshot, as are the ports.
void output_set_snapshot(struct output *output, const struct snapshot *snapshot);

// A packet is there, the next one by its number; the first is 1. time_ns is its own time stamp,
// which a capture may let go backwards while the clock of the replay does not. Of its wire_len
// bytes len were captured; so many are written of it.
void output_arrival(struct output *output, uint64_t time_ns, uint32_t len, uint32_t wire_len);

// The verdict about the packet of that number, or about the datagram it is a fragment of: pkt says
// what it is, mbuf has the bytes of the one frame.
// => The packet has arrived and has no verdict yet.
void output_verdict(struct output *output, uint64_t seq, const struct pkt *pkt,
		    const struct rte_mbuf *mbuf);

// The firewall itself has sent a frame, which lies in one segment.
// => The packet that caused it has no verdict yet.
void output_answer(struct output *output, const struct emission *emission);

// Events are collected, and written by output_flush_events in the order of the packets that caused
// them; those no packet caused in the order of their deadlines.
void output_events(struct output *output, const struct ct_event events[], unsigned int n);
void output_flush_events(struct output *output);

// The connections of all workers at now, oldest first.
void output_table(struct output *output, const struct engine *engine, tick_t now);

// True when nothing was asked for, so that a summary is due.
bool output_is_idle(const struct output_paths *paths);

// True when a person may see what a replay prints: the summary, or an output on standard output.
bool output_is_seen(const struct output_paths *paths);

// Writes everything out and frees. Returns 0, or -1 with errors added when something could not be
// written. Takes NULL.
int output_close(struct output *output, struct errors *errors);
