// SPDX-License-Identifier: BSD-3-Clause
#include "packet/protocols.h"

#include <strings.h>

#include "packet/tuple.h"

// By IANA's list of protocol numbers, and what people call them.
const struct protocol protocols[] = {
	{"icmpv6", PROTO_ICMPV6}, // before icmp, which is as close to icmp6
	{"ipv6-icmp", PROTO_ICMPV6},
	{"icmp", PROTO_ICMP},
	{"igmp", 2},
	{"ipip", 4},
	{"tcp", PROTO_TCP},
	{"egp", 8},
	{"udp", PROTO_UDP},
	{"dccp", PROTO_DCCP},
	{"ipv6", 41},
	{"rsvp", 46},
	{"gre", PROTO_GRE},
	{"esp", PROTO_ESP},
	{"ah", PROTO_AH},
	{"eigrp", 88},
	{"ospf", 89},
	{"etherip", 97},
	{"pim", 103},
	{"ipcomp", 108},
	{"vrrp", 112},
	{"l2tp", 115},
	{"sctp", PROTO_SCTP},
	{"udplite", PROTO_UDPLITE},
	{"mpls", 137},
};

const unsigned int n_protocols = sizeof(protocols) / sizeof(protocols[0]);

bool
protocol_number(const char *name, uint8_t *number)
{
	for (unsigned int i = 0; i < n_protocols; i++) {
		if (strcasecmp(protocols[i].name, name) == 0) {
			*number = protocols[i].number;
			return true;
		}
	}
	return false;
}
