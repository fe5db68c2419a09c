// SPDX-License-Identifier: BSD-3-Clause
//
// Upkeep while packets flow: mirrored links, devices that vanish and return, and log lines when
// there is no room for connections.
//
// Life cycle: upkeep_init when the ports have been started; upkeep_watch for each worker before it
// is; then upkeep_turn again and again, at least every UPKEEP_PAUSE_NS. Main thread.
#pragma once

#include <stdint.h>

#include "runtime/alarm.h"
#include "runtime/links.h"
#include "runtime/ports.h"
#include "runtime/presence.h"
#include "settings/config.h"

#define UPKEEP_PAUSE_NS (NS_PER_SEC / 5)

struct upkeep {
	struct ports *ports;
	struct links links;
	struct presence presence;
	unsigned int n_shards;
	const struct ct *shards[WORKERS_MAX];
	struct alarm dropped_early;
	struct alarm refused;
	uint64_t alarms_due_ns;
};

// => ports outlives upkeep.
void upkeep_init(struct upkeep *upkeep, struct ports *ports, const struct config *config,
		 uint64_t now_ns);

// A worker belongs to what is looked after: how often it turns, and its connections.
// => Both stay valid until the last upkeep_turn. WORKERS_MAX workers are the most.
void upkeep_watch(struct upkeep *upkeep, const uint64_t *turns, const struct ct *shard);

// Does nothing that is not due.
void upkeep_turn(struct upkeep *upkeep, uint64_t now_ns);
