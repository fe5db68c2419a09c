// SPDX-License-Identifier: BSD-3-Clause
//
// Which ethertypes are those of VLAN tags.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#define ETHERTYPE_QINQ_OLD 0x9100 // double tagging before 802.1ad had a number of its own

// ethertype in host order.
static inline bool
ethertype_is_tag(uint16_t ethertype)
{
	return ethertype == RTE_ETHER_TYPE_VLAN || ethertype == RTE_ETHER_TYPE_QINQ ||
	       ethertype == ETHERTYPE_QINQ_OLD;
}
