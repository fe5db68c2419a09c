// SPDX-License-Identifier: BSD-3-Clause
//
// The configured ports as DPDK devices.
//
// Life cycle: ports_open probes, configures and starts them all; workers receive and send on them;
// ports_close stops and removes them after the last worker has ended. Meanwhile a port whose device
// is lost can be taken out and opened again, see runtime/presence.h: port_retire, ports_shut when
// no worker uses the device any more, ports_reopen.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "base/errors.h"
#include "engine/appliance.h"
#include "runtime/af_packet.h"
#include "runtime/pools.h"
#include "runtime/rss.h"
#include "settings/config.h"

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
	bool is_open;         // there is a device
	bool is_live;         // and workers may use it. Main: rw, workers: ro
	bool is_removed; // its driver says that it is gone. EAL's interrupt thread: w, main: rw
	enum steering steering;
	rte_spinlock_t tx_lock;
	uint16_t mtu; // as configured; 0: what the device has
	char name[64];
	char device[64];             // name to EAL
	char *arguments;             // owned: the device with its arguments, as configured
	char *all_arguments;         // owned: the same with those that are added
	struct af_packet af_packet;  // what it is of net_af_packet
	struct rte_device *handle;   // of EAL
	unsigned int if_index;       // of the interface of the kernel behind the device
	char interface[IF_NAMESIZE]; // its name, "" for none
};

struct ports {
	unsigned int n;
	struct pools pools;
	struct rss rss; // what those compute that steer
	struct port list[PORTS_MAX];
};

// nodes is the NUMA node of each worker.
// => Main thread, EAL initialised. Returns 0, or -1 with an error added for every port that cannot
//    be used, with its place in the configuration; nothing is open then.
int ports_open(struct ports *ports, const struct config *config, const int nodes[],
	       struct errors *errors);
// Returns what pools_close does.
unsigned int ports_close(struct ports *ports);

// True when the device of a live port cannot work any more. Main thread, as are the next three.
bool port_is_lost(const struct port *port);

// Workers use the device no more from their next turn on.
void port_retire(struct port *port);

// Closes the device of a retired port, which no worker uses any more.
void ports_shut(struct ports *ports, unsigned int index);

// Opens a port that was shut. Returns false when that fails: nothing has changed then.
bool ports_reopen(struct ports *ports, unsigned int index);

// Asks the device of a port. Any thread, between ports_open and ports_close.
struct port_status ports_status(const struct ports *ports, unsigned int index);

// Calls a function with a device of EAL, which stays there meanwhile; not when it is not there.
// Any thread.
void ports_visit(uint16_t ethdev, void (*visit)(uint16_t ethdev, void *context), void *context);

// The link as its driver knows it at the moment. Main thread.
bool port_link_is_up(const struct port *port);

// Takes the link up or down, unless there is no device. Returns 0 or a negative errno, -ENOTSUP
// when the driver cannot. Main thread.
int port_set_link(const struct port *port, bool is_up);

// Worker only.
static inline bool
port_is_live(const struct port *port)
{
	return __atomic_load_n(&port->is_live, __ATOMIC_ACQUIRE);
}

// Sends up to n packets on a port for a worker. Returns how many were taken; the caller keeps the
// others. Worker only.
uint16_t port_send(struct port *port, unsigned int worker, struct rte_mbuf *mbufs[], uint16_t n);
