// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration that is being loaded into a running firewall.
//
// A separate thread reads it, compares it with the one in force, and compiles it: ten thousand
// rules take a second, and the main thread must keep notifying the service manager. The result goes
// to the engine.
//
// Life cycle: reload_start; reload_is_loaded, again and again until it is true; if reload_is_good,
// reload_take; reload_destroy. Main thread.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/load.h"
#include "engine/changeover.h"

struct reload;

// Starts to load the file of the running configuration, as this generation.
// => Returns NULL if there is no thread or no memory for it. The running configuration must not
//    change until reload_destroy.
struct reload *reload_start(const struct config *running, uint32_t generation,
			    unsigned int n_workers);
bool reload_is_loaded(const struct reload *reload);

// False: reload_errors says why, and all has to stay as it is.
// => Loaded; the others below likewise.
bool reload_is_good(const struct reload *reload);
const struct errors *reload_errors(const struct reload *reload);
const struct errors *reload_warnings(const struct reload *reload); // of config_warn

// What has been loaded: for engine_publish, and in *config what it was made of, both the caller's
// now.
// => Good, once.
struct changeover *reload_take(struct reload *reload, struct config **config);

// Waits until it is loaded, if necessary, and frees it with whatever was not taken. Takes NULL.
void reload_destroy(struct reload *reload);
