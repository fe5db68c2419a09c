// SPDX-License-Identifier: BSD-3-Clause
//
// A running firewall as its readers see it: the engine, and what the engine does not know, which is
// the ports, lcores and clock of the driver. The driver fills it in; control reads it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "engine/engine.h"
#include "engine/reload_report.h"

// The state of a port at the moment.
struct port_status {
	const char *steering; // how its packets reach their home: "none", "worker", "nic"
	bool is_open;         // if not, the rest is unknown
	bool has_link;
	bool has_stats;
	uint16_t ethdev;
	struct rte_eth_link link;
	struct rte_eth_stats stats;
};

// Functions get context. Any thread may call them, and none makes a worker wait.
struct appliance {
	const struct engine *engine;
	const void *context;
	const struct reload_report *reload_report; // changes only while the configuration does
	const unsigned int *lcores;                // of the workers
	bool offers_telemetry;                     // according to its command line
	uint64_t started_ns;                       // since the epoch
	uint64_t (*now_ns)(const void *context);   // likewise
	struct port_status (*port)(const void *context, unsigned int port);
	// Calls a function with a device of EAL, which cannot vanish meanwhile; does nothing if
	// there is no such device.
	void (*visit_device)(uint16_t ethdev, void (*visit)(uint16_t ethdev, void *context),
			     void *context);
};

static inline const struct config *
appliance_config(const struct appliance *appliance)
{
	return engine_snapshot(appliance->engine)->config;
}

static inline uint64_t
appliance_now_ns(const struct appliance *appliance)
{
	return appliance->now_ns(appliance->context);
}

static inline struct port_status
appliance_port(const struct appliance *appliance, unsigned int port)
{
	return appliance->port(appliance->context, port);
}
