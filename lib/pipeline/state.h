// SPDX-License-Identifier: BSD-3-Clause
//
// What one pipeline is made of, for the files that have its stages. Private to pipeline.
#pragma once

#include "pipeline/pipeline.h"

struct pipeline {
	const struct hash_secret *secret;
	struct ct *ct;
	struct steer *steer;
	struct frag_store *fragments;
	struct answers *answers;
	pipeline_loss_listener lost;
	void *context; // for the listener
	unsigned int worker;
	bool tells; // packets that take the lane tell of themselves too
	struct plan plan;
	uint8_t lane_rest;      // bursts that go by the lane
	uint32_t forget_cursor; // where the search for memos of the old numbers goes on
	struct pipeline_stats stats;
	struct cycles cycles;
	struct emit emit;
};
