// SPDX-License-Identifier: BSD-3-Clause
//
// Notifications to the service manager: the firewall is ready, alive, reloading, stopping.
//
// "Alive" means that every lcore with a loop has completed a turn since the last notification. So a
// hanging worker is noticed although the main thread, which notifies, does not hang: the manager
// gets no more notifications and kills the process.
//
// The manager is systemd, or any other that listens on the socket in NOTIFY_SOCKET and sets the
// interval in WATCHDOG_USEC: sd_notify(3), sd_watchdog_enabled(3). Without them, and in a program
// built without libsystemd, nothing is sent.
//
// Life cycle: notify_init; notify_watch for each lcore before it is started; then notify_turn again
// and again, at least as often as notify_pause says; notify_stopping, before any lcore is told to
// end. Main thread. Times are those of one clock that never goes back.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "runtime/eal.h"

struct notify {
	uint64_t watchdog_ns; // the manager's watchdog interval; 0: none
	uint64_t due_ns;      // time of the next check
	bool is_ready;        // and the manager was notified
	unsigned int n;
	struct {
		unsigned int lcore;
		const uint64_t *turns; // its owner: rw, this: ro
		uint64_t seen;         // at the last notification
	} watched[WORKERS_MAX + 1];    // the workers and the service core
};

void notify_init(struct notify *notify);

// From now on the lcore must complete turns, which it counts in *turns.
// => turns stays valid until the last notify_turn. WORKERS_MAX + 1 lcores are the most.
void notify_watch(struct notify *notify, unsigned int lcore, const uint64_t *turns);

// Does nothing before it is due. Then, if every lcore has completed a turn since the last
// notification, it notifies the manager: first READY=1, later WATCHDOG=1. Otherwise it logs which
// lcores hang.
void notify_turn(struct notify *notify, uint64_t now_ns);

// Stores the time until the next notify_turn in *pause.
// => Returns pause, or NULL if no further notification is due.
const struct timespec *notify_pause(const struct notify *notify, uint64_t now_ns,
				    struct timespec *pause);

// A reload begins; a reload has ended, successful or not.
// => notify_turn continues meanwhile. Before READY=1, nothing is sent.
void notify_reloading(const struct notify *notify);
void notify_reloaded(const struct notify *notify);

void notify_stopping(const struct notify *notify);
