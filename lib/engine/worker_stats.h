// SPDX-License-Identifier: BSD-3-Clause
//
// How the turns of one worker's loop went. The worker writes, anybody reads.
#pragma once

#include <stdint.h>

#define WORKER_TIMES 32

struct worker_stats {
	uint64_t turns;      // of the loop
	uint64_t busy_turns; // that had a packet
	uint64_t received;
	uint64_t sent;
	// turns with a packet, and those that removed connections, by the time they took: element i
	// counts those of less than 2^i ns that took no less than half of that
	uint64_t busy_time[WORKER_TIMES];
	uint64_t reap_time[WORKER_TIMES];
	uint64_t request_time[WORKER_TIMES]; // turns with requests, by the time that these took
	uint64_t busy_ns;                    // the times of each of the three together
	uint64_t reap_ns;
	uint64_t request_ns;
};

// A turn has ended, which had so many packets, looked at so many connections to remove, and took so
// long.
// => The worker.
void worker_stats_turn(struct worker_stats *stats, unsigned int n_packets, unsigned int n_reaped,
		       uint64_t spent_ns);

// Of this turn requests have taken so long.
// => The worker.
void worker_stats_requests(struct worker_stats *stats, uint64_t spent_ns);
