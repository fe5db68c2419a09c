// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of a packet that rules can match: Ethernet with or without tags, and an IP header of
// either family with everything that a key reads. Few different values, so that rules match them.
//
// Life cycle: the packet's mbuf is in the room; the test owns both.
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

// Gives the packet bytes of its family, and sets mbuf, l3_off, l3_len and is_fragment accordingly.
void random_header(struct pkt *pkt, struct random_room *room);
