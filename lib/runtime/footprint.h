// SPDX-License-Identifier: BSD-3-Clause
//
// The memory that a running firewall takes.
#pragma once

#include "runtime/eal.h"
#include "sizing/footprint.h"

#define STEER_RING 4096 // packets that may wait for one worker

// Measures the rules, and adds up what they and all else take.
// => Returns false when that is more than there may be, of lists or of the machine's memory, with
//    errors added. Main or control thread; EAL need not be initialised.
bool runtime_footprint(const struct config *config, struct footprint *footprint,
		       struct ruleset_size *size, struct errors *errors);

// EAL did not have that much. Adds an error, and returns whose fault that is: the machine's or,
// when the memory has a size that was chosen by -m, the arguments'.
enum runtime_end runtime_shortage(const struct config *config, const struct footprint *footprint,
				  struct errors *errors);
