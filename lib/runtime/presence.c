// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/presence.h"

#include <rte_common.h>

#include "base/clock.h"
#include "base/contract.h"

#define LOOK_NS  (NS_PER_SEC / 5)
#define RETRY_NS NS_PER_SEC

void
presence_init(struct presence *presence, const struct presence_ops *ops, void *context,
	      unsigned int n_ports)
{
	CONTRACT(n_ports <= PORTS_MAX);
	*presence = (struct presence){.ops = ops, .context = context, .n_ports = n_ports};
}

void
presence_watch(struct presence *presence, const uint64_t *turns)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(presence->n_workers < RTE_DIM(presence->turns));
	presence->turns[presence->n_workers++] = turns;
}

// The turns are read after the retirement, even if a worker sees it late.
static void
retire(struct presence *presence, unsigned int port)
{
	presence->ops->retire(presence->context, port);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < presence->n_workers; i++)
		presence->ports[port].turns[i] =
			__atomic_load_n(presence->turns[i], __ATOMIC_RELAXED);
	presence->ports[port].state = PRESENCE_RETIRED;
}

// A worker counts a turn at its end. The first turn to end may have begun before the port was
// retired, and the next one before the worker saw that. After these two it no longer uses the
// device.
static bool
is_quiet(const struct presence *presence, unsigned int port)
{
	for (unsigned int i = 0; i < presence->n_workers; i++) {
		uint64_t turns = __atomic_load_n(presence->turns[i], __ATOMIC_ACQUIRE);

		if (turns < presence->ports[port].turns[i] + 2)
			return false;
	}
	return true;
}

static void
turn_port(struct presence *presence, unsigned int port, uint64_t now_ns)
{
	enum presence_state *state = &presence->ports[port].state;
	uint64_t *retry_ns = &presence->ports[port].retry_ns;

	switch (*state) {
	case PRESENCE_LIVE:
		if (presence->ops->is_lost(presence->context, port))
			retire(presence, port);
		break;
	case PRESENCE_RETIRED:
		if (!is_quiet(presence, port))
			break;
		presence->ops->close(presence->context, port);
		*state = PRESENCE_CLOSED;
		*retry_ns = now_ns;
		break;
	case PRESENCE_CLOSED:
		if (now_ns < *retry_ns)
			break;
		*retry_ns = now_ns + RETRY_NS;
		if (presence->ops->reopen(presence->context, port))
			*state = PRESENCE_LIVE;
		break;
	}
}

void
presence_turn(struct presence *presence, uint64_t now_ns)
{
	CONTRACT_MAIN_THREAD();
	if (now_ns < presence->due_ns)
		return;
	presence->due_ns = now_ns + LOOK_NS;
	for (unsigned int port = 0; port < presence->n_ports; port++)
		turn_port(presence, port, now_ns);
}
