// SPDX-License-Identifier: BSD-3-Clause
//
// One worker lcore: the loop that receives, judges and sends, and reaps between bursts.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/pipeline.h"
#include "pipeline/steer.h"
#include "runtime/ports.h"
#include "runtime/time.h"
#include "service/service.h"

#define WORKER_TIMES 32

// The worker writes, anybody reads.
struct worker_stats {
	uint64_t turns;      // of the loop
	uint64_t busy_turns; // that had a packet
	uint64_t received;
	uint64_t sent;
	// turns with a packet, and those that removed connections, by the time they took: element i
	// counts those of less than 2^i ns that took no less than half of that
	uint64_t busy_time[WORKER_TIMES];
	uint64_t reap_time[WORKER_TIMES];
};

// Frames that are to leave at one port, and the packets they came as.
struct departure {
	struct rte_mbuf *mbufs[BURST_MAX];
	struct pkt *pkts[BURST_MAX];
	uint16_t n;
};

struct worker {
	unsigned int index;
	unsigned int lcore;
	bool *is_stopping; // main: rw, worker: ro
	struct plan *next; // given by main, NULL again when taken; both: rw
	struct ports *ports;
	struct pipeline *pipeline;
	struct steer *steer; // NULL with a single worker
	struct service *service;
	const struct live_clock *clock;
	uint64_t n_received; // makes the numbers of packets
	struct worker_stats stats;
	struct burst burst;
	uint32_t departing; // ports at which frames are to leave, a bit each
	struct departure departures[PORTS_MAX];
};

// The worker takes the plan between two bursts and puts the one it went by in its place.
// => Main thread; the one before was taken. worker_has_taken tells when that is done.
void worker_give(struct worker *worker, struct plan *plan);
bool worker_has_taken(const struct worker *worker);

// The loop. Returns when *is_stopping, with every packet it had received sent or freed. The
// argument is a struct worker; for rte_eal_remote_launch.
int worker_main(void *argument);
