// SPDX-License-Identifier: BSD-3-Clause
//
// A packet's bytes, as far as rules look at them: Ethernet with tags or without, and an IP header
// of either family with everything in it that a key asks for. Few values, so that rules meet them.
//
// Life cycle: the packet's mbuf lies in the room, and both are the test's.
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#include "packet/packet.h"

#define RANDOM_MACS  4
#define RANDOM_VLANS 3

struct random_room {
	struct rte_mbuf mbuf;
	uint8_t bytes[256];
};

// Gives the packet bytes of its family, with mbuf, l3_off, l3_len and is_fragment to them.
void random_header(struct pkt *pkt, struct random_room *room);
