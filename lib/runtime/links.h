// SPDX-License-Identifier: BSD-3-Clause
//
// Mirrored links: when the link at one end of a wire goes down, the other end's is taken down, so
// that the neighbour there notices as with a cable; and likewise up again.
//
// An end that is held down cannot show its own link. So only one end of a wire is held at a time,
// and the other one decides. An end that was released, or has just started, gets some seconds to
// find its link before it counts as down; otherwise the two would take turns holding each other.
//
// Life cycle: links_init, links_mirror for each wire, then links_turn again and again. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "rules/rules.h"

// The ports, by index.
struct links_ops {
	bool (*is_up)(void *context, unsigned int port);
	int (*set)(void *context, unsigned int port, bool is_up); // returns 0 or a negative errno
};

struct link_end {
	unsigned int port;
	const char *name; // owned by the caller
	bool can_be_set;
	bool is_held;              // down, because of the other end
	uint64_t patient_until_ns; // until then a missing link is ignored
};

struct links {
	const struct links_ops *ops;
	void *context;
	uint64_t due_ns;
	unsigned int n;
	struct link_end wires[PORTS_MAX / 2][2];
};

void links_init(struct links *links, const struct links_ops *ops, void *context);

// Makes the link of each end follow the other from now on. If a driver cannot set a link, that is
// logged, and its end never follows.
// => The ports have been started, and the names stay valid. PORTS_MAX / 2 wires are the most.
void links_mirror(struct links *links, const unsigned int ports[2], const char *const names[2],
		  uint64_t now_ns);

// Does nothing before it is due. Logs every link that it takes down or up.
void links_turn(struct links *links, uint64_t now_ns);
