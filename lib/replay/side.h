// SPDX-License-Identifier: BSD-3-Clause
//
// Who is on which side of a wire: for a capture that has both directions, the port at which each of
// its packets comes in.
//
// Life cycle: side_init, side_add for each address, then side_port; side_fini. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "packet/packet.h"
#include "settings/values.h"

#define SIDE_MACS_MAX 256

struct side {
	uint8_t port;  // where what is from these addresses comes in
	uint8_t other; // where everything else does
	struct cfg_prefixes prefixes;
	struct rte_ether_addr macs[SIDE_MACS_MAX];
	unsigned int n_macs;
};

// Nobody is on it, and both ports are PORT_NONE, until the caller sets them.
void side_init(struct side *side);
void side_fini(struct side *side);

// Adds a MAC address, or what sallyport.conf(5) lets src be: an address, a prefix, a range.
// => Returns false, and writes into why what is wrong.
bool side_add(struct side *side, const char *text, char why[CFG_WHY_SIZE]);

// The port at which a packet comes in: that of the side if its source is there, by its MAC or IP
// address, or by what an ARP packet says of its sender; the other otherwise.
// => pkt has been parsed.
uint8_t side_port(const struct side *side, const struct pkt *pkt);
