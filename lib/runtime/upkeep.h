// SPDX-License-Identifier: BSD-3-Clause
//
// What is done for the ports while packets run: links that are mirrored.
//
// Life cycle: upkeep_init when the ports have been started, then upkeep_turn again and again, at
// least every UPKEEP_PAUSE_NS. Main thread.
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "runtime/links.h"
#include "runtime/ports.h"

#define UPKEEP_PAUSE_NS (NS_PER_SEC / 5)

struct upkeep {
	struct ports *ports;
	struct links links;
};

// => ports outlives upkeep.
void upkeep_init(struct upkeep *upkeep, struct ports *ports, const struct config *config,
		 uint64_t now_ns);

// Does nothing where nothing is due.
void upkeep_turn(struct upkeep *upkeep, uint64_t now_ns);
