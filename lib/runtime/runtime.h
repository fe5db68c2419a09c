// SPDX-License-Identifier: BSD-3-Clause
//
// The firewall on live ports, from start to stop.
//
// runtime_run is the life of the process: EAL, ports, engine, workers, the service core; then the
// signal, and all of it undone in reverse. It drives an engine: ports, lcores, the clock and what
// is looked after meanwhile are the runtime's, the rest is the engine's.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "engine/appliance.h"
#include "runtime/eal.h"
#include "settings/config.h"

// Called on the main thread when everything runs, around a change of the configuration, and before
// anything is taken down: until then the appliance may be looked at.
struct runtime_hooks {
	void (*started)(const struct appliance *appliance);
	void (*changing)(void); // nobody reads the configuration, its snapshot, rule counters, or
				// what is told of reloads
	void (*changed)(void);  // until now
	void (*stopping)(void);
};

// Runs until SIGINT or SIGTERM. Then receiving ends, bursts finish, ports close, and memory is
// given back. Meanwhile SIGHUP loads the configuration anew (reload.h), SIGUSR1 logs statistics,
// and the service manager is told that all is well (notify.h).
// => What is in config becomes the runtime's, whatever comes of it.
// => eal_argv goes to EAL behind what sallyport adds itself; the strings must be writable.
// => Main thread; initialises and cleans up EAL, so once in a process. With another end than
//    RUNTIME_ENDED errors were added.
enum runtime_end runtime_run(struct config *config, int eal_argc, char **eal_argv,
			     const struct runtime_hooks *hooks, struct errors *errors);
