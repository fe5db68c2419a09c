// SPDX-License-Identifier: BSD-3-Clause
//
// What the service manager is told: that the firewall is ready, that it lives, that it loads its
// configuration anew, that it stops.
//
// "Lives" means that every lcore that has a loop has come around since the manager was told last. A
// worker that hangs is noticed that way, although the main thread, which tells, does not hang: the
// manager hears nothing more and kills the process.
//
// The manager is systemd, or whoever else listens on the socket that NOTIFY_SOCKET names and says
// in WATCHDOG_USEC how often it wants to hear: sd_notify(3), sd_watchdog_enabled(3). Without them,
// and in a program built without libsystemd, nothing is told.
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
	uint64_t watchdog_ns; // how long the manager waits for a sign of life; 0: it does not
	uint64_t due_ns;      // when to look again
	bool is_ready;        // and the manager knows
	unsigned int n;
	struct {
		unsigned int lcore;
		const uint64_t *turns; // its owner: rw, this: ro
		uint64_t seen;         // of them, when the manager was told last
	} watched[WORKERS_MAX + 1];    // the workers and the service core
};

void notify_init(struct notify *notify);

// From now on the lcore has to turn, which it counts in *turns.
// => turns stays valid until the last notify_turn. WORKERS_MAX + 1 lcores are the most.
void notify_watch(struct notify *notify, unsigned int lcore, const uint64_t *turns);

// Does nothing before it is due. Then, if every lcore has turned since the last time that was so,
// it tells the manager: READY=1 at first, from then on WATCHDOG=1. Otherwise it logs who stands
// still.
void notify_turn(struct notify *notify, uint64_t now_ns);

// How long to wait for the next notify_turn, in *pause.
// => Returns pause, or NULL when there is nothing left to tell.
const struct timespec *notify_pause(const struct notify *notify, uint64_t now_ns,
				    struct timespec *pause);

// Another configuration is being loaded, and then: no longer, whatever came of it.
// => notify_turn goes on meanwhile. Who was not told of being ready is not told of this either.
void notify_reloading(const struct notify *notify);
void notify_reloaded(const struct notify *notify);

void notify_stopping(const struct notify *notify);
