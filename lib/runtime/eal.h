// SPDX-License-Identifier: BSD-3-Clause
//
// EAL's start for a running firewall: the user's arguments, and what follows from the
// configuration where the user said nothing. EAL never opens a telemetry socket.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/config.h"

#define WORKERS_MAX 64

// Initialises EAL. Unless the arguments choose lcores, there is one for the main thread, one per
// worker and one for the service core: workers on CPUs of their own as far as there are any, the
// other two together on the first. With --no-huge and no -m, enough memory for the configured
// connections is asked for.
// => Main thread. Returns 0, or -1 with an error added.
int eal_start(const struct config *config, int argc, char **argv, struct errors *errors);

// True when the user's arguments want no telemetry socket. Ours stands in the place of EAL's.
bool eal_refuses_telemetry(int argc, char **argv);

// The first n lcores that are not the main one. Returns 0, or -1 when there are fewer.
int eal_choose_lcores(unsigned int n, unsigned int lcores[]);
