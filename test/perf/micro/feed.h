// SPDX-License-Identifier: BSD-3-Clause
//
// Bursts of packets from the flows of traffic/flow.h, as a worker would have received them.
//
// Life cycle: feed_open, bursts, feed_close. The mbufs are reused for every burst, so no other code
// may free or keep them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/burst.h"
#include "perf/traffic/flow.h"
#include "perf/traffic/frame.h"
#include "perf/traffic/random.h"

#define FEED_BURST 32

struct feed {
	struct flow_family family;
	struct random random;
	struct rte_mempool *pool;
	struct rte_mbuf *mbufs[FEED_BURST];
	uint64_t seq;      // of the last packet
	uint64_t nic_says; // ol_flags of every packet
};

// => Returns -1 with rte_errno set when memory is short.
int feed_open(struct feed *feed);
void feed_close(struct feed *feed);

// Adds a packet of a flow to the burst: now, at the first port.
void feed_add(struct feed *feed, struct burst *burst, uint32_t index,
	      const struct packet_spec *spec, uint64_t now_ns);
