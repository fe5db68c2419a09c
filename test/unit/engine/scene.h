// SPDX-License-Identifier: BSD-3-Clause
//
// A scene: an engine, the configurations that it goes by one after another, and everything that
// happens to it: bursts of frames at its workers, turns of the service core, reloads, deletions,
// pauses. It is plain data, so that it can be played as often as a test wants (play.h), and parts
// of it left out (shrink.h).
//
// Life cycle: scene_make, scene_fini. The same seed and number make the same scene.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "settings/config.h"

#define SCENE_PACKETS     3000
#define SCENE_ACTS_MAX    (2 * SCENE_PACKETS)
#define SCENE_CONFIGS     3
#define SCENE_WORKERS_MAX 3
#define SCENE_CUTS_MAX    3

enum act_kind {
	ACT_BURST,
	ACT_BETWEEN, // what a worker does between two bursts
	ACT_SERVICE, // a turn of the service core
	ACT_RELOAD,
	ACT_DELETE, // of connections of a protocol, asked of a worker
};

struct act {
	uint8_t kind; // enum act_kind
	uint8_t worker;
	bool is_left_out;
	bool leaves;      // what was handed over stays in its ring
	bool reaps;       // expired connections are removed behind it
	bool is_parsed;   // of a burst: who received the packets has parsed them
	uint16_t n;       // packets of a burst
	uint16_t refused; // of a burst: frames whose numbers it divides are not sent; 0: all are
	uint8_t config;   // of a reload
	uint8_t proto;    // of a deletion
	uint64_t after_ns;
};

// A frame on its way in.
struct packet {
	uint32_t off, len;             // in the scene's bytes
	uint32_t flow;                 // packets with one number keep their order
	uint64_t after_ns;             // since the one before
	uint64_t flags;                // of the mbuf
	uint32_t hash;                 // of RSS, if the flags say so
	uint16_t cuts[SCENE_CUTS_MAX]; // where segments begin, in rising order
	uint8_t n_cuts;
	uint8_t port;
	bool is_left_out;
};

struct scene {
	uint64_t seed;
	unsigned int number;
	unsigned int n_workers;
	unsigned int steer_ring; // 0: nothing is handed over
	unsigned int event_ring; // 0: nobody listens
	uint32_t generation;     // of the first snapshot
	bool wants_entries;
	bool chooses_as_nics;
	unsigned int n_configs;
	struct config configs[SCENE_CONFIGS];
	struct act acts[SCENE_ACTS_MAX];
	unsigned int n_acts;
	struct packet packets[SCENE_PACKETS];
	unsigned int n_packets;
	uint8_t *bytes; // of all frames
	size_t n_bytes, bytes_capacity;
};

// => Clears what was there.
void scene_make(struct scene *scene, uint64_t seed, unsigned int number);
void scene_fini(struct scene *scene);

// What it is about, a few lines on standard output; of its acts and packets those that are not
// left out.
void scene_print(const struct scene *scene);
