// SPDX-License-Identifier: BSD-3-Clause
#include "replay/side.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_arp.h>

#include "base/contract.h"
#include "packet/address.h"

void
side_init(struct side *side)
{
	*side = (struct side){.port = PORT_NONE, .other = PORT_NONE};
}

void
side_fini(struct side *side)
{
	free(side->prefixes.list);
	side_init(side);
}

bool
side_add(struct side *side, const char *text, char why[CFG_WHY_SIZE])
{
	struct rte_ether_addr mac;

	if (rte_ether_unformat_addr(text, &mac) != 0)
		return cfg_parse_addresses(text, &side->prefixes, why);
	if (side->n_macs == SIDE_MACS_MAX) {
		snprintf(why, CFG_WHY_SIZE, "more than %d MAC addresses", SIDE_MACS_MAX);
		return false;
	}
	side->macs[side->n_macs++] = mac;
	return true;
}

static bool
has_mac(const struct side *side, const struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr scratch;
	const struct rte_ether_hdr *ethernet = rte_pktmbuf_read(mbuf, 0, sizeof(scratch), &scratch);

	for (unsigned int i = 0; ethernet != NULL && i < side->n_macs; i++) {
		if (rte_is_same_ether_addr(&ethernet->src_addr, &side->macs[i]))
			return true;
	}
	return false;
}

static bool
has_address(const struct side *side, uint8_t family, const union address *address)
{
	for (size_t i = 0; i < side->prefixes.n; i++) {
		const struct prefix *prefix = &side->prefixes.list[i];

		if (prefix->family == family &&
		    address_is_within(address, &prefix->address, prefix->len))
			return true;
	}
	return false;
}

// The sender's address in an ARP packet.
static bool
read_arp_sender(const struct pkt *pkt, union address *address)
{
	struct rte_arp_hdr scratch;
	const struct rte_arp_hdr *arp =
		pkt->ethertype == RTE_ETHER_TYPE_ARP
			? rte_pktmbuf_read(pkt->mbuf, pkt->l3_off, sizeof(scratch), &scratch)
			: NULL;

	if (arp == NULL || arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return false;
	*address = (union address){.v4 = arp->arp_data.arp_sip};
	return true;
}

uint8_t
side_port(const struct side *side, const struct pkt *pkt)
{
	union address sender;
	bool is_here = has_mac(side, pkt->mbuf);

	CONTRACT(pkt->l3_off > 0 || pkt->fault != FAULT_NONE);
	if (pkt->family != FAMILY_NONE)
		is_here |= has_address(side, pkt->family, &pkt->tuple.src);
	else if (read_arp_sender(pkt, &sender))
		is_here |= has_address(side, FAMILY_IPV4, &sender);
	return is_here ? side->port : side->other;
}
