// SPDX-License-Identifier: BSD-3-Clause
//
// One worker lcore: the loop that receives, judges and sends, and lets the engine do between
// bursts what it has to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "runtime/ports.h"
#include "runtime/time.h"

// Frames that are to leave at one port, and the packets they came as.
struct departure {
	struct rte_mbuf *mbufs[BURST_MAX];
	uint16_t n;
};

struct worker {
	unsigned int index;
	unsigned int lcore;
	bool *is_stopping; // main: rw, worker: ro
	struct ports *ports;
	struct engine *engine;
	struct pipeline *pipeline;  // the engine's
	struct worker_stats *stats; // likewise
	const struct live_clock *clock;
	struct inbox *inbox;  // the engine's
	uint64_t serve_at_ns; // while there are packets, no request is worked on before
	uint64_t n_received;  // makes the numbers of packets
	struct burst burst;
	uint32_t departing; // ports at which frames are to leave, a bit each
	struct departure departures[PORTS_MAX];
};

// The loop. Returns when *is_stopping, with every packet it had received sent or freed. The
// argument is a struct worker; for rte_eal_remote_launch.
int worker_main(void *argument);
