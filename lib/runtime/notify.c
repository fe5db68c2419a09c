// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/contract.h"
#include "base/log.h"

#ifdef SALLYPORT_SYSTEMD
#include <systemd/sd-daemon.h>
#else
// Built without libsystemd: there is no manager.
static int
sd_notify(int unset_environment, const char *state)
{
	(void)unset_environment;
	(void)state;
	return 0;
}

static int
sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
	(void)unset_environment;
	(void)usec;
	return 0;
}
#endif

#define START_POLL_NS 10000000 // 10 ms, until every loop runs

// Checks per watchdog interval: an lcore that misses one or two need not be dead.
#define LOOKS 4

static void
tell(const char *state)
{
	int result = sd_notify(0, state);

	if (result < 0)
		log_line(LOG_PRIORITY_WARNING, "the service manager cannot be told %s: %s", state,
			 strerror(-result));
}

void
notify_init(struct notify *notify)
{
	uint64_t usec;

	*notify = (struct notify){0};
	if (sd_watchdog_enabled(0, &usec) > 0)
		notify->watchdog_ns = usec * NS_PER_USEC;
}

void
notify_watch(struct notify *notify, unsigned int lcore, const uint64_t *turns)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(notify->n < RTE_DIM(notify->watched));
	notify->watched[notify->n].lcore = lcore;
	notify->watched[notify->n].turns = turns;
	notify->watched[notify->n].seen = *turns;
	notify->n++;
}

static bool
has_turned(const struct notify *notify, unsigned int i)
{
	uint64_t turns = __atomic_load_n(notify->watched[i].turns, __ATOMIC_RELAXED);

	return turns != notify->watched[i].seen;
}

// Returns how many lcores have not completed a turn. They are logged, unless they may still be
// starting.
static unsigned int
count_standing(const struct notify *notify)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < notify->n; i++) {
		if (has_turned(notify, i))
			continue;
		n++;
		if (notify->is_ready)
			log_line(LOG_PRIORITY_WARNING,
				 "lcore %u stands still: the watchdog is not fed",
				 notify->watched[i].lcore);
	}
	return n;
}

static bool
has_ended(const struct notify *notify)
{
	return notify->is_ready && notify->watchdog_ns == 0;
}

void
notify_turn(struct notify *notify, uint64_t now_ns)
{
	CONTRACT_MAIN_THREAD();
	if (now_ns < notify->due_ns || has_ended(notify))
		return;
	if (count_standing(notify) == 0) {
		for (unsigned int i = 0; i < notify->n; i++)
			notify->watched[i].seen =
				__atomic_load_n(notify->watched[i].turns, __ATOMIC_RELAXED);
		tell(notify->is_ready ? "WATCHDOG=1" : "READY=1");
		notify->is_ready = true;
	}
	notify->due_ns = now_ns + (notify->is_ready ? notify->watchdog_ns / LOOKS : START_POLL_NS);
}

const struct timespec *
notify_pause(const struct notify *notify, uint64_t now_ns, struct timespec *pause)
{
	uint64_t ns = now_ns < notify->due_ns ? notify->due_ns - now_ns : 0;

	if (has_ended(notify))
		return NULL;
	pause->tv_sec = (time_t)(ns / NS_PER_SEC);
	pause->tv_nsec = (long)(ns % NS_PER_SEC);
	return pause;
}

void
notify_reloading(const struct notify *notify)
{
	char state[64];
	struct timespec now;

	if (!notify->is_ready)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 (uint64_t)now.tv_sec * (NS_PER_SEC / NS_PER_USEC) +
			 (uint64_t)now.tv_nsec / NS_PER_USEC);
	tell(state);
}

void
notify_reloaded(const struct notify *notify)
{
	if (notify->is_ready)
		tell("READY=1");
}

void
notify_stopping(const struct notify *notify)
{
	if (notify->is_ready)
		tell("STOPPING=1");
}
