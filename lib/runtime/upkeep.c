// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/upkeep.h"

#include "base/contract.h"
#include "base/log.h"
#include "conntrack/conntrack.h"

#define ALARMS_PAUSE_NS NS_PER_SEC

static bool
link_is_up(void *context, unsigned int port)
{
	const struct upkeep *upkeep = context;

	return port_link_is_up(&upkeep->ports->list[port]);
}

static int
set_link(void *context, unsigned int port, bool is_up)
{
	const struct upkeep *upkeep = context;

	return port_set_link(&upkeep->ports->list[port], is_up);
}

static bool
is_lost(void *context, unsigned int port)
{
	const struct upkeep *upkeep = context;

	return port_is_lost(&upkeep->ports->list[port]);
}

static void
retire(void *context, unsigned int index)
{
	const struct upkeep *upkeep = context;
	struct port *port = &upkeep->ports->list[index];

	port_retire(port);
	log_line(LOG_PRIORITY_ERROR, "port \"%s\": device \"%s\" is gone; the others go on",
		 port->name, port->arguments);
}

static void
close_port(void *context, unsigned int index)
{
	const struct upkeep *upkeep = context;

	ports_shut(upkeep->ports, index);
}

static bool
reopen(void *context, unsigned int index)
{
	const struct upkeep *upkeep = context;
	const struct port *port = &upkeep->ports->list[index];

	if (!ports_reopen(upkeep->ports, index))
		return false;
	log_line(LOG_PRIORITY_NOTICE, "port \"%s\": device \"%s\" is back", port->name,
		 port->arguments);
	return true;
}

void
upkeep_init(struct upkeep *upkeep, struct ports *ports, const struct config *config,
	    uint64_t now_ns)
{
	static const struct links_ops links_ops = {link_is_up, set_link};
	static const struct presence_ops presence_ops = {is_lost, retire, close_port, reopen};

	upkeep->ports = ports;
	upkeep->n_shards = 0;
	upkeep->alarms_due_ns = 0;
	alarm_init(&upkeep->dropped_early, "the connection table is full, or nearly full, "
					   "connections are dropped early for new ones");
	alarm_init(&upkeep->refused, "the connection table is full, new connections are refused");
	presence_init(&upkeep->presence, &presence_ops, upkeep, ports->n);
	links_init(&upkeep->links, &links_ops, upkeep);
	for (unsigned int i = 0; i < config->n_wires; i++) {
		const struct wire_config *wire = &config->wires[i];

		if (wire->mirrors_link)
			links_mirror(&upkeep->links, (const unsigned int[]){wire->a, wire->b},
				     (const char *const[]){ports->list[wire->a].name,
							   ports->list[wire->b].name},
				     now_ns);
	}
}

void
upkeep_watch(struct upkeep *upkeep, const uint64_t *turns, const struct ct *shard)
{
	presence_watch(&upkeep->presence, turns);
	CONTRACT(upkeep->n_shards < RTE_DIM(upkeep->shards));
	upkeep->shards[upkeep->n_shards++] = shard;
}

// Logs a lack of room for connections, from the workers' counters.
static void
turn_alarms(struct upkeep *upkeep, uint64_t now_ns)
{
	uint64_t dropped_early = 0, refused = 0;

	if (now_ns < upkeep->alarms_due_ns)
		return;
	upkeep->alarms_due_ns = now_ns + ALARMS_PAUSE_NS;
	for (unsigned int i = 0; i < upkeep->n_shards; i++) {
		struct ct_stats stats;

		ct_stats_read(upkeep->shards[i], &stats);
		dropped_early += stats.early_drop;
		refused += stats.table_full;
	}
	alarm_log(&upkeep->dropped_early, dropped_early, now_ns);
	alarm_log(&upkeep->refused, refused, now_ns);
}

void
upkeep_turn(struct upkeep *upkeep, uint64_t now_ns)
{
	presence_turn(&upkeep->presence, now_ns);
	links_turn(&upkeep->links, now_ns);
	turn_alarms(upkeep, now_ns);
}
