// SPDX-License-Identifier: BSD-3-Clause
//
// EAL's start for a running firewall: the user's arguments, completed by what follows from the
// configuration. EAL never opens a telemetry socket.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "settings/config.h"
#include "sizing/footprint.h"

#define WORKERS_MAX 64

// How a run ended, or why it did not begin.
enum runtime_end {
	RUNTIME_ENDED,         // by a signal; of a part of the start: success
	RUNTIME_BAD_CONFIG,    // the configuration must be changed
	RUNTIME_BAD_ARGUMENTS, // EAL's arguments must be changed
	RUNTIME_NO_MACHINE,    // something is missing that may be available later
};

// Initialises EAL. Unless the arguments choose lcores, there is one for the main thread, one per
// worker and one for the service core: workers on CPUs of their own if there are enough, the other
// two together on the first. With --no-huge and without -m, the footprint decides the amount of
// memory.
// => Main thread. An error was added unless it returns RUNTIME_ENDED.
enum runtime_end eal_start(const struct config *config, const struct footprint *footprint, int argc,
			   char **argv, struct errors *errors);

// True when EAL's memory, *has bytes, is less than that and cannot grow because there are no
// hugepages.
bool eal_has_less(uint64_t bytes, uint64_t *has);

// True when the user's arguments disable the telemetry socket; ours replaces EAL's.
bool eal_refuses_telemetry(int argc, char **argv);

// Gets the first n lcores that are not the main one. Returns 0, or -1 if there are fewer.
int eal_choose_lcores(unsigned int n, unsigned int lcores[]);
