// SPDX-License-Identifier: BSD-3-Clause
//
// EAL's start for a running firewall: the user's arguments, and what follows from the
// configuration where the user said nothing. EAL never opens a telemetry socket.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "settings/config.h"
#include "sizing/footprint.h"

#define WORKERS_MAX 64

// How a run has ended, or why it did not begin.
enum runtime_end {
	RUNTIME_ENDED,         // by a signal; of a part: it has begun
	RUNTIME_BAD_CONFIG,    // the configuration has to be changed
	RUNTIME_BAD_ARGUMENTS, // EAL's arguments have to be
	RUNTIME_NO_MACHINE,    // something is missing that may be there another time
};

// Initialises EAL. Unless the arguments choose lcores, there is one for the main thread, one per
// worker and one for the service core: workers on CPUs of their own as far as there are any, the
// other two together on the first. With --no-huge and no -m, so much memory is asked for as
// the footprint says.
// => Main thread. With another end than RUNTIME_ENDED an error was added.
enum runtime_end eal_start(const struct config *config, const struct footprint *footprint, int argc,
			   char **argv, struct errors *errors);

// True when EAL's memory, of which there are *has bytes, is less than that and does not grow: there
// are no hugepages.
bool eal_has_less(uint64_t bytes, uint64_t *has);

// True when the user's arguments want no telemetry socket. Ours stands in the place of EAL's.
bool eal_refuses_telemetry(int argc, char **argv);

// The first n lcores that are not the main one. Returns 0, or -1 when there are fewer.
int eal_choose_lcores(unsigned int n, unsigned int lcores[]);
