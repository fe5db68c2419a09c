// SPDX-License-Identifier: BSD-3-Clause
//
// With what a rule rejects: a TCP reset, or destination unreachable with the code that each family
// has for it. The names are nft's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NO_CODE (-1) // the family has none

struct reject_with {
	const char *name;    // "tcp_reset", "port_unreachable", "icmp:net_unreachable", ...
	int16_t icmp_code;   // of type 3 (RFC 792, RFC 1812), or NO_CODE
	int16_t icmpv6_code; // of type 1 (RFC 4443), or NO_CODE
};

// A rule says with which of them, by its number. The first is that of a rule which says nothing.
extern const struct reject_with reject_withs[];
extern const unsigned int n_reject_withs;

#define REJECT_DEFAULT   0
#define REJECT_TCP_RESET 1
