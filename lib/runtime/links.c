// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/links.h"

#include <string.h>

#include <rte_common.h>

#include "base/contract.h"
#include "base/log.h"

#define LOOK_NS     (NS_PER_SEC / 5)
#define PATIENCE_NS (5 * NS_PER_SEC) // autonegotiation takes about three seconds

void
links_init(struct links *links, const struct links_ops *ops, void *context)
{
	*links = (struct links){.ops = ops, .context = context};
}

void
links_mirror(struct links *links, const unsigned int ports[2], const char *const names[2],
	     uint64_t now_ns)
{
	struct link_end *ends;

	CONTRACT_MAIN_THREAD();
	CONTRACT(links->n < RTE_DIM(links->wires));
	ends = links->wires[links->n++];
	for (unsigned int i = 0; i < 2; i++) {
		int result = links->ops->set(links->context, ports[i], true);

		ends[i] = (struct link_end){
			.port = ports[i],
			.name = names[i],
			.can_be_set = result == 0,
			.patient_until_ns = now_ns + PATIENCE_NS,
		};
		if (result != 0)
			log_line(LOG_PRIORITY_WARNING,
				 "port \"%s\": its link cannot follow that of \"%s\": %s", names[i],
				 names[1 - i], strerror(-result));
	}
}

static void
hold(struct links *links, const struct link_end *end, struct link_end *other)
{
	log_line(LOG_PRIORITY_WARNING, "port \"%s\": link down; that of \"%s\" is taken down",
		 end->name, other->name);
	other->is_held = true;
	links->ops->set(links->context, other->port, false);
}

static void
let_go(struct links *links, const struct link_end *end, struct link_end *other, uint64_t now_ns)
{
	log_line(LOG_PRIORITY_NOTICE, "port \"%s\": link up; that of \"%s\" may come up again",
		 end->name, other->name);
	other->is_held = false;
	other->patient_until_ns = now_ns + PATIENCE_NS;
	links->ops->set(links->context, other->port, true);
}

// What this end, which is not held, means for the other one.
static void
follow(struct links *links, struct link_end *end, struct link_end *other, uint64_t now_ns)
{
	bool is_up = links->ops->is_up(links->context, end->port);

	if (is_up)
		end->patient_until_ns = 0;
	if (!other->can_be_set)
		return;
	if (is_up && other->is_held)
		let_go(links, end, other, now_ns);
	else if (!is_up && !other->is_held && now_ns >= end->patient_until_ns)
		hold(links, end, other);
	else if (other->is_held && links->ops->is_up(links->context, other->port))
		links->ops->set(links->context, other->port, false); // it was reopened
}

void
links_turn(struct links *links, uint64_t now_ns)
{
	CONTRACT_MAIN_THREAD();
	if (now_ns < links->due_ns)
		return;
	links->due_ns = now_ns + LOOK_NS;
	for (unsigned int i = 0; i < links->n; i++) {
		struct link_end *ends = links->wires[i];

		for (unsigned int end = 0; end < 2; end++) {
			if (!ends[end].is_held)
				follow(links, &ends[end], &ends[1 - end], now_ns);
		}
	}
}
