// SPDX-License-Identifier: BSD-3-Clause
//
// The memory of packets: one pool for each NUMA node that a worker is on.
//
// What a worker receives it reads and writes, so it lies on the worker's node, wherever the NIC is.
// A packet goes back to its pool whoever frees it; each pool therefore has room for all that other
// workers may hold of it.
//
// Life cycle: pools_open before any queue is set up; pools_close after the last packet was freed.
// Main thread.
#pragma once

#include <rte_mempool.h>

#include "base/errors.h"
#include "runtime/eal.h"
#include "settings/config.h"

#define QUEUE_SIZE 1024 // packets in a queue of a port, unless the device wants another number

struct pools {
	struct rte_mempool *of_worker[WORKERS_MAX]; // workers on one node share theirs
};

// How much of EAL's memory the pools take of one node, when all workers are there.
uint64_t pools_bytes_for(const struct config *config);

// nodes is that of each worker.
// => Returns 0, or -1 with an error added; nothing is open then.
int pools_open(struct pools *pools, const struct config *config, const int nodes[],
	       struct errors *errors);

// Returns how many packets have not been given back: 0, unless the code is wrong.
// => Whoever held any has given them back.
unsigned int pools_close(struct pools *pools);
