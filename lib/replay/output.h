// SPDX-License-Identifier: BSD-3-Clause
//
// What a replay writes: verdicts, events, the table, accepted and dropped packets, a summary.
//
// A fragment is judged with its datagram, later than packets that follow it. Lines are written in
// packet order nevertheless: those of later packets wait in memory.
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

// From the next verdict on, rules and ports are those of this snapshot.
void output_set_snapshot(struct output *output, const struct snapshot *snapshot);

// A packet has arrived. Packets are numbered from 1 in the order of these calls. time_ns is its own
// time stamp, which may go backwards in a capture, unlike the clock of the replay. Of its wire_len
// bytes, len were captured; that many are written.
void output_arrival(struct output *output, uint64_t time_ns, uint32_t len, uint32_t wire_len);

// The verdict on the packet with that number, or on the datagram that it is a fragment of: pkt
// describes the packet or datagram, mbuf has the bytes of this frame.
// => The packet has arrived and has no verdict yet.
void output_verdict(struct output *output, uint64_t seq, const struct pkt *pkt,
		    const struct rte_mbuf *mbuf);

// The firewall itself has sent a frame, which has one segment.
// => The packet that caused it has no verdict yet.
void output_answer(struct output *output, const struct emission *emission);

// Events are collected, and written by output_flush_events in the order of the packets that caused
// them; those without a packet in the order of their deadlines.
void output_events(struct output *output, const struct ct_event events[], unsigned int n);
void output_flush_events(struct output *output);

// The connections of all workers at now, oldest first.
void output_table(struct output *output, const struct engine *engine, tick_t now);

// True when no output was requested, so that a summary is printed.
bool output_is_idle(const struct output_paths *paths);

// True when a replay prints something that a person may see: the summary, or an output on standard
// output.
bool output_is_seen(const struct output_paths *paths);

// Flushes and frees everything. Returns 0, or -1 with errors added if something could not be
// written. Takes NULL.
int output_close(struct output *output, struct errors *errors);
