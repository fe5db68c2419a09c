// SPDX-License-Identifier: BSD-3-Clause
//
// The firewall on live ports, from start to stop.
//
// runtime_run is the life of the process: EAL, ports, shards, workers, the service core; then the
// signal, and all of it undone in reverse. While it runs, anybody may read what it is made of
// through the functions below; they never wait for a worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "pipeline/pipeline.h"
#include "runtime/eal.h"
#include "runtime/worker.h"
#include "settings/config.h"

struct reload_report;
struct runtime;

// Called on the main thread when everything runs, around a change of the configuration, and before
// anything is taken down.
struct runtime_hooks {
	void (*started)(struct runtime *runtime);
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

// What it is made of. Any thread, between started and stopping; configuration, snapshot, report of
// reloads, and rule counters of a pipeline, not between changing and changed.
const struct config *runtime_config(const struct runtime *runtime);
const struct snapshot *runtime_snapshot(const struct runtime *runtime);
const struct reload_report *runtime_reload_report(const struct runtime *runtime);
unsigned int runtime_n_workers(const struct runtime *runtime);
struct pipeline *runtime_pipeline(const struct runtime *runtime, unsigned int worker);
const struct worker_stats *runtime_worker_stats(const struct runtime *runtime, unsigned int worker);
unsigned int runtime_worker_lcore(const struct runtime *runtime, unsigned int worker);
struct port_status runtime_port(const struct runtime *runtime, unsigned int port);
enum steering runtime_steering(const struct runtime *runtime, unsigned int port);
uint64_t runtime_now_ns(const struct runtime *runtime);     // since the epoch
uint64_t runtime_started_ns(const struct runtime *runtime); // likewise
bool runtime_offers_telemetry(const struct runtime *runtime);
size_t runtime_bytes(const struct runtime *runtime); // reserved for connections
bool runtime_hashes_with_aes(const struct runtime *runtime);
