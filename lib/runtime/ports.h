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
#include "runtime/pools.h"

struct port {
	uint16_t ethdev;
	uint16_t n_rx_queues; // worker i receives from queue i, if there is one
	uint16_t n_tx_queues; // one per worker, unless the device has fewer
	bool shares_tx;       // it has fewer: workers send under the lock
	bool is_open;
	rte_spinlock_t tx_lock;
	char name[64];
	char device[64]; // name to EAL
};

struct ports {
	unsigned int n;
	struct pools pools;
	struct port list[PORTS_MAX];
};

// nodes is the NUMA node of each worker.
// => Main thread, EAL initialised. Returns 0, or -1 with an error added for every port that cannot
//    be used, with its place in the configuration; nothing is open then.
int ports_open(struct ports *ports, const struct config *config, const int nodes[],
	       struct errors *errors);
void ports_close(struct ports *ports);

// The link as its driver knows it at the moment. Main thread.
bool port_link_is_up(const struct port *port);

// Takes the link up or down. Returns 0 or a negative errno, -ENOTSUP when the driver cannot. Main
// thread.
int port_set_link(const struct port *port, bool is_up);

// Sends up to n packets on a port for a worker. Returns how many were taken; the caller keeps the
// others. Worker only.
uint16_t port_send(struct port *port, unsigned int worker, struct rte_mbuf *mbufs[], uint16_t n);
