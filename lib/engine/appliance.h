// SPDX-License-Identifier: BSD-3-Clause
//
// A firewall that runs, as those see it who only look: its engine, and what no engine knows, the
// ports, lcores and clock of the driver. The driver fills it in; control tells of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "engine/engine.h"
#include "engine/reload_report.h"

// What can be told of a port at the moment.
struct port_status {
	const char *steering; // how its packets come to their home: "none", "worker", "nic"
	bool is_open;         // else nothing of what follows is known
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
	bool offers_telemetry;                     // by the arguments it was started with
	uint64_t started_ns;                       // since the epoch
	uint64_t (*now_ns)(const void *context);   // likewise
	struct port_status (*port)(const void *context, unsigned int port);
	// Calls a function with a device of EAL, which stays there meanwhile; not when it is not
	// there.
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
