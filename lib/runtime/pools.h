// SPDX-License-Identifier: BSD-3-Clause
//
// Packet memory: one pool per NUMA node that has a worker.
//
// A worker reads and writes the packets that it receives, so they are on the worker's node,
// wherever the NIC is. A packet returns to its pool no matter which worker frees it, so each pool
// also has room for packets that other workers hold.
//
// Life cycle: pools_open before any queue is set up; pools_close after the last packet was freed.
// Main thread.
#pragma once

#include <rte_mempool.h>

#include "base/errors.h"
#include "runtime/eal.h"
#include "settings/config.h"

#define QUEUE_SIZE 1024 // packets in a queue of a port, unless the device demands another number

struct pools {
	struct rte_mempool *of_worker[WORKERS_MAX]; // workers on one node share theirs
};

// How much of EAL's memory the pool of one node takes if all workers are on that node.
uint64_t pools_bytes_for(const struct config *config);

// nodes has the node of each worker.
// => Returns 0, or -1 with an error added; nothing is open then.
int pools_open(struct pools *pools, const struct config *config, const int nodes[],
	       struct errors *errors);

// Returns how many packets have not been given back: 0, unless the code is wrong.
// => Whoever held any has given them back.
unsigned int pools_close(struct pools *pools);
