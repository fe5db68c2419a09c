// SPDX-License-Identifier: BSD-3-Clause
//
// The configured ports as DPDK devices.
//
// Life cycle: ports_open probes, configures and starts all of them; workers receive and send on
// them; ports_close stops and removes them after the last worker has ended. In between, a port
// whose device is lost can be retired and reopened, see runtime/presence.h: port_retire; ports_shut
// once no worker uses the device; ports_reopen.
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

// How packets of a port reach the worker that owns their flow.
enum steering {
	STEERING_NONE,   // there is one worker
	STEERING_WORKER, // the receiving worker hands them over
	STEERING_NIC,    // they arrive in the right queue; any others are handed over
};

struct port {
	uint16_t ethdev;
	uint16_t n_rx_queues; // worker i receives from queue i, if there is one
	uint16_t n_tx_queues; // one per worker, unless the device has fewer
	bool shares_tx;       // there are fewer, so workers send under the lock
	bool is_open;         // there is a device
	bool is_live;         // workers may use it. Main: rw, workers: ro
	bool is_removed; // its driver has reported the removal. EAL's interrupt thread: w, main: rw
	enum steering steering;
	rte_spinlock_t tx_lock;
	uint16_t mtu; // as configured; 0: the device's
	char name[64];
	char device[64];             // EAL's name of the device
	char *arguments;             // owned: the device with its arguments, as configured
	char *all_arguments;         // owned: the same with added arguments
	struct af_packet af_packet;  // if it is a net_af_packet device
	struct rte_device *handle;   // of EAL
	unsigned int if_index;       // index of the kernel interface behind the device
	char interface[IF_NAMESIZE]; // its name, "" for none
};

struct ports {
	unsigned int n;
	struct pools pools;
	struct rss rss; // what steering devices compute
	struct port list[PORTS_MAX];
};

// nodes has the NUMA node of each worker.
// => Main thread, EAL initialised. Returns 0, or -1 with an error added for every port that cannot
//    be used, with its place in the configuration; then nothing is open.
int ports_open(struct ports *ports, const struct config *config, const int nodes[],
	       struct errors *errors);
// Returns the same as pools_close.
unsigned int ports_close(struct ports *ports);

// True when the device of a live port no longer works. Main thread, as are the next three.
bool port_is_lost(const struct port *port);

// Workers stop using the device from their next turn on.
void port_retire(struct port *port);

// Closes the device of a retired port. => No worker uses it any more.
void ports_shut(struct ports *ports, unsigned int index);

// Reopens a port that was shut. Returns false if that fails; then nothing has changed.
bool ports_reopen(struct ports *ports, unsigned int index);

// Queries the device of a port. Any thread, between ports_open and ports_close.
struct port_status ports_status(const struct ports *ports, unsigned int index);

// Calls a function with a device of EAL, which cannot be closed meanwhile; does nothing if there is
// no such device. Any thread.
void ports_visit(uint16_t ethdev, void (*visit)(uint16_t ethdev, void *context), void *context);

// The link's current state according to its driver. Main thread.
bool port_link_is_up(const struct port *port);

// Takes the link up or down, if there is a device. Returns 0 or a negative errno, -ENOTSUP if the
// driver cannot do it. Main thread.
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
