// SPDX-License-Identifier: BSD-3-Clause
#include "engine/worker_stats.h"

#include <rte_common.h>

static void
note_time(uint64_t times[WORKER_TIMES], uint64_t *sum_ns, uint64_t ns)
{
	unsigned int bits = ns == 0 ? 0 : 64u - (unsigned int)__builtin_clzll(ns);

	times[RTE_MIN(bits, WORKER_TIMES - 1u)]++;
	*sum_ns += ns;
}

void
worker_stats_turn(struct worker_stats *stats, unsigned int n_packets, unsigned int n_reaped,
		  uint64_t spent_ns)
{
	stats->turns++;
	stats->busy_turns += n_packets > 0;
	if (n_packets > 0)
		note_time(stats->busy_time, &stats->busy_ns, spent_ns);
	if (n_reaped > 0)
		note_time(stats->reap_time, &stats->reap_ns, spent_ns);
}

void
worker_stats_requests(struct worker_stats *stats, uint64_t spent_ns)
{
	note_time(stats->request_time, &stats->request_ns, spent_ns);
}
