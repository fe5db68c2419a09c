// SPDX-License-Identifier: BSD-3-Clause
//
// The memory that a running firewall takes.
#pragma once

#include "runtime/eal.h"
#include "sizing/footprint.h"

#define STEER_RING 4096 // packets that may be waiting for one worker

// Measures the rules, and adds up the memory of everything.
// => Returns false, with errors added, if a limit of the rules or the machine's memory is exceeded.
//    Main or control thread; EAL need not be initialised.
bool runtime_footprint(const struct config *config, struct footprint *footprint,
		       struct ruleset_size *size, struct errors *errors);

// EAL did not have that much. Adds an error, and returns whose fault it is: the machine's or, if -m
// chose the size, the arguments'.
enum runtime_end runtime_shortage(const struct config *config, const struct footprint *footprint,
				  struct errors *errors);
