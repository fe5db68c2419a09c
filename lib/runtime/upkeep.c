// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/upkeep.h"

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

void
upkeep_init(struct upkeep *upkeep, struct ports *ports, const struct config *config,
	    uint64_t now_ns)
{
	static const struct links_ops links_ops = {link_is_up, set_link};

	upkeep->ports = ports;
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
upkeep_turn(struct upkeep *upkeep, uint64_t now_ns)
{
	links_turn(&upkeep->links, now_ns);
}
