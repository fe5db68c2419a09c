// SPDX-License-Identifier: BSD-3-Clause
//
// The summary of a replay: what happened to the packets, which rules matched, the connections.
#pragma once

#include <stdio.h>

#include "engine/engine.h"

// Packets that the capture cut short.
struct summary_cut {
	uint64_t n_dropped; // before any worker saw them
	uint64_t dropped_bytes;
	uint64_t n_judged; // by their headers
};

void summary_print(const struct engine *engine, tick_t now, const struct summary_cut *cut,
		   FILE *out);
