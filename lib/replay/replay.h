// SPDX-License-Identifier: BSD-3-Clause
//
// Recorded packets through the same path as live ones, on a virtual clock.
//
// The clock follows the captures: it is at the time stamp of the current packet, and between
// packets the service core runs once a second. Everything else is as in sallyport run: one pipeline
// and one shard per worker, hand-off over rings. One thread drives it all, so the same captures
// give the same results every time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "packet/hash.h"
#include "replay/output.h"
#include "replay/side.h"
#include "settings/config.h"

#define REPLAY_WORKERS_MAX 64

struct replay_capture {
	uint8_t port; // index of the configured port
	const char *path;
};

// A configuration that is loaded just before the packet with this number.
struct replay_change {
	uint64_t n;
	const char *path;
};

#define REPLAY_CHANGES_MAX 64

struct replay_options {
	const struct replay_capture *captures; // in the order for equal time stamps
	unsigned int n_captures;
	const struct replay_change *changes; // in the order of their packets
	unsigned int n_changes;
	struct output_paths outputs;
	unsigned int workers;    // 1 to REPLAY_WORKERS_MAX
	unsigned int burst;      // packets that are received together, 1 to BURST_MAX
	uint32_t settle_sec;     // virtual time after the last packet
	const struct side *side; // of a single capture; NULL: every capture has one port
	const uint8_t *seed;     // HASH_SEED_BYTES, from which all secrets are derived
	bool accepts_cut; // judges packets that the capture cut short, if their headers are there
};

// The default seed: fixed, so that a replay can be repeated.
extern const uint8_t replay_seed[HASH_SEED_BYTES];

// Replays the captures. Without any output a summary goes to standard output.
// => Main thread; initialises and cleans up EAL, so once in a process.
// => Returns 0, or -1 with errors added.
int replay_run(const struct config *config, const struct replay_options *options,
	       struct errors *errors);
