// SPDX-License-Identifier: BSD-3-Clause
//
// The firewall on live ports, from start to stop.
//
// runtime_run is the life of the process: EAL, ports, engine, workers, the service core; then the
// signal, and everything is undone in reverse. It drives an engine: ports, lcores, the clock and
// upkeep are the runtime's, the rest is the engine's.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "engine/appliance.h"
#include "runtime/eal.h"
#include "settings/config.h"

// Called on the main thread when everything runs, around a change of the configuration, and before
// anything is shut down: until then the appliance may be read.
struct runtime_hooks {
	void (*started)(const struct appliance *appliance);
	void (*changing)(void); // nobody reads the configuration, its snapshot, rule counters, or
				// the report of reloads
	void (*changed)(void);  // until now
	void (*stopping)(void);
};

// Runs until SIGINT or SIGTERM. Then receiving ends, bursts finish, ports close, and memory is
// freed. Meanwhile SIGHUP reloads the configuration (reload.h), SIGUSR1 logs statistics, and the
// service manager is notified (notify.h).
// => The runtime owns the contents of config, even on failure.
// => eal_argv is passed to EAL after the arguments that sallyport adds; the strings must be
//    writable.
// => Main thread; initialises and cleans up EAL, so once in a process. Errors were added unless it
//    returns RUNTIME_ENDED.
enum runtime_end runtime_run(struct config *config, int eal_argc, char **eal_argv,
			     const struct runtime_hooks *hooks, struct errors *errors);
