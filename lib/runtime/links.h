// SPDX-License-Identifier: BSD-3-Clause
//
// Mirrored links: when the link at one end of a wire goes down, the other end's is taken down, so
// that whoever is connected there notices as if the wire were a cable; and up again.
//
// An end that is held down says nothing about its own link. So only one end of a wire is held at a
// time, and the other one decides. An end that was let go, or just started, gets some seconds to
// find its link before it counts as down; else the two would take turns in holding each other.
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
	const char *name; // the caller's
	bool can_be_set;
	bool is_held;              // down, because of the other end
	uint64_t patient_until_ns; // until then no link is no news
};

struct links {
	const struct links_ops *ops;
	void *context;
	uint64_t due_ns;
	unsigned int n;
	struct link_end wires[PORTS_MAX / 2][2];
};

void links_init(struct links *links, const struct links_ops *ops, void *context);

// The link of each end follows that of the other from now on. A driver that cannot set a link is
// logged: that end never follows.
// => The ports have been started, and the names stay valid. PORTS_MAX / 2 wires are the most.
void links_mirror(struct links *links, const unsigned int ports[2], const char *const names[2],
		  uint64_t now_ns);

// Does nothing before it is due. What it takes down and up it logs.
void links_turn(struct links *links, uint64_t now_ns);
