// SPDX-License-Identifier: BSD-3-Clause
//
// Statistics about the turns of one worker's loop. The worker writes, any thread reads.
#pragma once

#include <stdint.h>

#define WORKER_TIMES 32

struct worker_stats {
	uint64_t turns;      // of the loop
	uint64_t busy_turns; // with a packet
	uint64_t received;
	uint64_t sent;
	// turns with a packet, and turns that removed connections, by duration: element i counts
	// those below 2^i ns, but not below half of that
	uint64_t busy_time[WORKER_TIMES];
	uint64_t reap_time[WORKER_TIMES];
	uint64_t request_time[WORKER_TIMES]; // turns with requests, by the duration of these
	uint64_t busy_ns;                    // the sums of these three
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
