// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration on its way into a firewall that runs.
//
// It is read, compared with the one in force and compiled by a thread of its own: ten thousand
// rules take a second, and the main thread has the service manager to tell that all is well. What
// is then ready goes to the workers, each of which takes its plan between two bursts, at a time of
// its own, and lays the old one in its place. When the last has done so, nobody reads the old rules
// any more.
//
// Life cycle: reload_start; reload_is_loaded, again and again until it is true; if reload_is_good,
// every worker takes its plan, then reload_exchange; reload_destroy. Main thread.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/load.h"
#include "pipeline/plan.h"

struct reload;

// The file of the running configuration is loaded, to have this generation.
// => Returns NULL when there is no thread or no memory for that. The running configuration stays as
//    it is until reload_exchange or reload_destroy.
struct reload *reload_start(const struct config *running, uint32_t generation,
			    unsigned int n_workers);
bool reload_is_loaded(const struct reload *reload);

// False: reload_errors says why, and all has to stay as it is. => Loaded; the others below
// likewise.
bool reload_is_good(const struct reload *reload);
const struct errors *reload_errors(const struct reload *reload);
const struct errors *reload_warnings(const struct reload *reload); // of config_warn

// What a worker is to go by, or, when it has taken that, what it went by before.
// => Good; the reload's.
struct plan *reload_plan(struct reload *reload, unsigned int worker);

// Exchanges the configuration in force and its snapshot for the new ones.
// => Every worker has taken its plan.
void reload_exchange(struct reload *reload, struct config **config, struct snapshot **snapshot);

// Waits until it is loaded, if need be, and frees it with what it holds: what was refused, or what
// was in force before. Takes NULL.
void reload_destroy(struct reload *reload);
