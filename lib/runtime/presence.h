// SPDX-License-Identifier: BSD-3-Clause
//
// Ports whose device vanishes and returns, while the others continue.
//
// A port that has lost its device is retired: no worker receives from it any more, and packets that
// are to leave there are dropped. A worker may still be using the device, so it is closed only
// after every worker has completed two turns. From then on it is reopened as soon as possible.
//
// Life cycle: presence_init; presence_watch for each worker before it is started; then
// presence_turn again and again. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/rules.h"
#include "runtime/eal.h"

// Operations on ports, by index.
struct presence_ops {
	bool (*is_lost)(void *context, unsigned int port);
	void (*retire)(void *context, unsigned int port);
	void (*close)(void *context, unsigned int port);
	bool (*reopen)(void *context, unsigned int port); // returns false if that fails
};

enum presence_state { PRESENCE_LIVE, PRESENCE_RETIRED, PRESENCE_CLOSED };

struct presence {
	const struct presence_ops *ops;
	void *context;
	uint64_t due_ns;
	unsigned int n_ports;
	unsigned int n_workers;
	const uint64_t *turns[WORKERS_MAX]; // the workers: rw, this: ro
	struct {
		enum presence_state state;
		uint64_t retry_ns;           // time of the next attempt to reopen it
		uint64_t turns[WORKERS_MAX]; // of the workers, when it was retired
	} ports[PORTS_MAX];
};

// => PORTS_MAX ports are the most.
void presence_init(struct presence *presence, const struct presence_ops *ops, void *context,
		   unsigned int n_ports);

// => turns stays valid until the last presence_turn. At most WORKERS_MAX workers.
void presence_watch(struct presence *presence, const uint64_t *turns);

// Does nothing before it is due.
void presence_turn(struct presence *presence, uint64_t now_ns);
