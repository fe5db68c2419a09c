// SPDX-License-Identifier: BSD-3-Clause
//
// One shard whose stages run one after the other on a whole burst, with the time that each takes.
//
// Life cycle: stages_open, bursts, stages_expire, stages_close. One thread.
#pragma once

#include <stdint.h>

#include "engine/engine.h"

enum micro_stage {
	STAGE_PARSE,
	STAGE_HASH, // measured by itself once more: it is also part of parse
	STAGE_TRACK,
	STAGE_CLASSIFY,
	STAGE_CONFIRM,
	STAGE_RELEASE,
	STAGE_COUNT,
};

extern const char *const stage_names[STAGE_COUNT];

// TSC cycles so far.
struct stage_cycles {
	uint64_t spent[STAGE_COUNT];
	uint64_t packets;
};

struct stages {
	struct config config;
	struct hash_secret secret;
	struct engine *engine;
	struct ct *ct;                 // the engine's
	const struct ruleset *ruleset; // likewise
	struct rule_counter *counters;
	uint64_t sink; // keeps results from being optimised away
};

// => n_rules is at least 1; the last one accepts, the others match no packet of a feed. Returns -1
//    when memory is short.
int stages_open(struct stages *stages, uint32_t capacity, unsigned int n_rules);
void stages_close(struct stages *stages);

// Runs all packets of the burst through all stages and adds to cycles.
void stages_run(struct stages *stages, struct burst *burst, struct stage_cycles *cycles);

// Measures the search for expired connections, and the removal of one.
struct expiry_cycles {
	uint64_t scan;
	uint64_t scanned;
	uint64_t reap;
	uint64_t reaped;
};

// Removes everything that has expired by now.
struct expiry_cycles stages_expire(struct stages *stages, uint64_t now_ns);
