// SPDX-License-Identifier: BSD-3-Clause
//
// A handful of flows that go on: TCP that opens, talks and closes, with odd segments in between;
// UDP whose answers come from elsewhere at times, as TFTP's do; echoes; what has no ports; errors
// about all of them. Either family, both directions, at the ports of both wires.
//
// Life cycle: traffic_begin, then traffic_next as often as a test wants. The
// numbers come from util/random.h, hosts and ports from util/random_rules.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"
#include "util/path.h"

#define TRAFFIC_FLOWS 8
#define TRAFFIC_HOSTS 4 // of either family, the first

struct flow {
	enum family family;
	uint8_t proto;
	bool is_other_wire;
	union address host[DIR_COUNT]; // the client's and the server's
	uint16_t port[DIR_COUNT];
	uint32_t seq[DIR_COUNT]; // TCP: of the next byte of either
	unsigned int n_sent;
};

struct traffic {
	struct flow flows[TRAFFIC_FLOWS];
};

void traffic_begin(struct traffic *traffic);

// The next packet of one of the flows, whichever. Now and then the flow then ends and another one
// takes its place.
void traffic_next(struct traffic *traffic, struct arrival *arrival);
