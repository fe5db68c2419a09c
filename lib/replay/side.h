// SPDX-License-Identifier: BSD-3-Clause
//
// The sides of a wire: for a capture with both directions, the port at which each packet arrives.
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
	uint8_t port;  // where packets from these addresses arrive
	uint8_t other; // where all others arrive
	struct cfg_prefixes prefixes;
	struct rte_ether_addr macs[SIDE_MACS_MAX];
	unsigned int n_macs;
};

// Nobody is on it, and both ports are PORT_NONE, until the caller sets them.
void side_init(struct side *side);
void side_fini(struct side *side);

// Adds a MAC address, or an address, prefix or range as for src in sallyport.conf(5).
// => Returns false, with the reason in why.
bool side_add(struct side *side, const char *text, char why[CFG_WHY_SIZE]);

// The port at which a packet arrives: that of the side if its source MAC or IP address, or the
// sender's address of an ARP packet, is one of the side's; otherwise the other port.
// => pkt has been parsed.
uint8_t side_port(const struct side *side, const struct pkt *pkt);
