// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration as the packet path uses it: immutable, numbered, shared by all workers.
//
// Life cycle: snapshot_create compiles it from a configuration; workers read it; snapshot_destroy
// frees it when no worker does any more.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "rules/ruleset.h"
#include "settings/config.h"

struct snapshot {
	uint32_t generation;
	const struct config *config; // the caller's, must outlive the snapshot
	struct ruleset *ruleset;     // owned
	uint8_t peer[PORTS_MAX];     // the other end of a port's wire, PORT_NONE without one
};

// The port where what came in at this one leaves; PORT_NONE for a port that is none.
static inline uint8_t
peer_of(const uint8_t peer[PORTS_MAX], uint8_t port)
{
	return port < PORTS_MAX ? peer[port] : PORT_NONE;
}

// => EAL initialised, main thread. Returns NULL and adds to errors when the rules don't compile.
struct snapshot *snapshot_create(const struct config *config, uint32_t generation,
				 struct errors *errors);
// True when connections are tracked: always, or because some rule needs to know them.
bool snapshot_tracks(const struct snapshot *snapshot);

void snapshot_destroy(struct snapshot *snapshot); // takes NULL
