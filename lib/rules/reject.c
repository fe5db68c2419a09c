// SPDX-License-Identifier: BSD-3-Clause
#include "rules/reject.h"

#include <rte_common.h>

// Names without a family are those that nft calls icmpx.
const struct reject_with reject_withs[] = {
	[REJECT_DEFAULT] = {"port_unreachable", 3, 4},
	[REJECT_TCP_RESET] = {"tcp_reset", NO_CODE, NO_CODE},
	{"host_unreachable", 1, 3},
	{"net_unreachable", 0, 0},
	{"no_route", 0, 0},
	{"admin_prohibited", 13, 1},
	{"icmpx:port_unreachable", 3, 4},
	{"icmpx:host_unreachable", 1, 3},
	{"icmpx:no_route", 0, 0},
	{"icmpx:admin_prohibited", 13, 1},
	{"icmp:net_unreachable", 0, NO_CODE},
	{"icmp:host_unreachable", 1, NO_CODE},
	{"icmp:prot_unreachable", 2, NO_CODE},
	{"icmp:port_unreachable", 3, NO_CODE},
	{"icmp:net_prohibited", 9, NO_CODE},
	{"icmp:host_prohibited", 10, NO_CODE},
	{"icmp:admin_prohibited", 13, NO_CODE},
	{"icmpv6:no_route", NO_CODE, 0},
	{"icmpv6:admin_prohibited", NO_CODE, 1},
	{"icmpv6:addr_unreachable", NO_CODE, 3},
	{"icmpv6:port_unreachable", NO_CODE, 4},
	{"icmpv6:policy_fail", NO_CODE, 5},
	{"icmpv6:reject_route", NO_CODE, 6},
};

const unsigned int n_reject_withs = RTE_DIM(reject_withs);
