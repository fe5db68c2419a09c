// SPDX-License-Identifier: BSD-3-Clause
//
// A whole packet path from chains written in C: configuration, snapshot and engine.
//
// Ports: 0 "lan" and 1 "wan" are the ends of a wire, 2 "spare" is on none, 3 "lan2" and 4 "wan2"
// are the ends of another one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "util/frame.h"

#define PATH_WORKERS    2
#define PATH_FRAMES_MAX 64

enum { LAN, WAN, SPARE, OTHER_LAN, OTHER_WAN };

struct path {
	struct config config;
	struct config other; // the snapshot uses one of the two; the other is free
	struct engine *engine;
	const struct snapshot *snapshot; // this and the following are the engine's
	unsigned int worker;             // at which packets arrive
	struct ct *ct;                   // of this worker, like the next two
	struct rte_ring *events;
	struct pipeline *pipeline;
	uint64_t seq;       // of the last packet
	uint64_t now_ns;    // when it came
	enum reason unsent; // why accepted packets cannot be sent; REASON_RULE: they are sent
	// the fragments, by number, that became the i-th packet of the last burst
	uint64_t frames[BURST_MAX][PATH_FRAMES_MAX];
	unsigned int n_frames[BURST_MAX];
};

struct path_options {
	const struct chain *chains; // sorted by priority; owned by the caller
	unsigned int n_chains;
	uint32_t max_connections; // 0: 256
	enum ct_enable enable;
	uint32_t passing;                      // kinds of non-IP frames that pass, 1 << NON_IP_ARP
	unsigned int n_workers;                // 0: 1
	unsigned int steer_ring;               // 0: workers hand nothing over
	const struct toeplitz *toeplitz;       // chooses homes; NULL: the secret does
	void (*adjust)(struct config *config); // changes other settings; NULL: none
	uint32_t generation;                   // 0: one that no path has had
};

// The secret of all paths.
const struct hash_secret *path_secret(void);

// => EAL runs. One path at a time. Packets arrive at worker 0.
void path_open(struct path *path, const struct path_options *options);
void path_close(struct path *path);

// From now on packets arrive at this worker.
void path_enter(struct path *path, unsigned int worker);

// Switches the workers to another configuration, with the same number of workers and the same
// hand-off.
void path_change(struct path *path, const struct path_options *options);

// An arriving packet.
struct arrival {
	struct frame frame;
	uint64_t after_ns; // since the one before
	uint8_t port;
};

// Runs up to BURST_MAX packets as one burst. burst->pkts[i] is the i-th packet after that, without
// its mbuf. A held fragment is pending; its datagram gets the verdict.
void path_run(struct path *path, const struct arrival arrivals[], uint16_t n, struct burst *burst);

// Runs one packet that arrives at this port.
struct pkt path_one(struct path *path, const struct frame *frame, uint8_t port);

// The result for a packet in a line: verdict, reason, chain and rule, class and direction.
//
//	"accept rule filter/1 new orig"   "drop malformed"   "drop default filter established reply"
//
// => text has room for PATH_TEXT_MAX; returns text.
#define PATH_TEXT_MAX 128
const char *path_describe(const struct path *path, const struct pkt *pkt, char *text);

#define assert_path(path, pkt, expected) path_assert(path, pkt, expected, __FILE__, __LINE__)
void path_assert(const struct path *path, struct pkt pkt, const char *expected, const char *file,
		 int line);
