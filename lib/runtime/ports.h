// SPDX-License-Identifier: BSD-3-Clause
//
// The configured ports as DPDK devices.
//
// Life cycle: ports_open probes, configures and starts them all; workers receive and send on them;
// ports_close stops and removes them after the last worker has ended.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "base/errors.h"
#include "config/config.h"
#include "runtime/rss.h"

// How packets of a port come to the worker that owns their flow.
enum steering {
	STEERING_NONE,   // there is one worker
	STEERING_WORKER, // whoever receives one hands it over
	STEERING_NIC,    // they come in at the right queue; what does not is handed over
};

struct port {
	uint16_t ethdev;
	uint16_t n_rx_queues; // worker i receives from queue i, if there is one
	uint16_t n_tx_queues; // one per worker, unless the device has fewer
	bool shares_tx;       // it has fewer: workers send under the lock
	bool is_open;
	enum steering steering;
	rte_spinlock_t tx_lock;
	char device[64]; // name to EAL
};

struct ports {
	unsigned int n;
	struct rte_mempool *pool;
	struct rss rss; // what those compute that steer
	struct port list[PORTS_MAX];
};

// => Main thread, EAL initialised. Returns 0, or -1 with an error added for every port that cannot
//    be used, with its place in the configuration; nothing is open then.
int ports_open(struct ports *ports, const struct config *config, struct errors *errors);
// Returns how many packets have not been given back to the pool. => Whoever held any has given them
//    back: 0, unless the code is wrong.
unsigned int ports_close(struct ports *ports);

// Sends up to n packets on a port for a worker. Returns how many were taken; the caller keeps the
// others. Worker only.
uint16_t port_send(struct port *port, unsigned int worker, struct rte_mbuf *mbufs[], uint16_t n);
