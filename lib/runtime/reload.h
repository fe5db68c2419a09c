// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration on its way into a firewall that runs.
//
// It is read, compared with the one in force and compiled by a thread of its own: ten thousand
// rules take a second, and the main thread has the service manager to tell that all is well. What
// is then ready goes to the engine.
//
// Life cycle: reload_start; reload_is_loaded, again and again until it is true; if reload_is_good,
// reload_take; reload_destroy. Main thread.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/load.h"
#include "engine/changeover.h"

struct reload;

// The file of the running configuration is loaded, to have this generation.
// => Returns NULL when there is no thread or no memory for that. The running configuration stays as
//    it is until reload_destroy.
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

// Waits until it is loaded, if need be, and frees it with what was not taken of it. Takes NULL.
void reload_destroy(struct reload *reload);
