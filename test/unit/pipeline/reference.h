// SPDX-License-Identifier: BSD-3-Clause
//
// The path of packets as pipeline.h describes it, built from conntrack and a matcher that asks
// every rule about every packet (util/brute.h), one packet at a time. It has no fragments.
//
// Life cycle: reference_open, packets, reference_close.
#pragma once

#include "util/brute.h"
#include "util/path.h"

struct reference {
	struct path path; // without chains
	struct brute brute;
};

// => counters as struct brute has them. Worker 0 must be free, see path_open.
void reference_open(struct reference *reference, const struct path_options *options,
		    struct rule_counter counters[]);
void reference_close(struct reference *reference);

// Takes one packet, of IP and at the end of a wire, to its verdict.
struct pkt reference_run(struct reference *reference, const struct arrival *arrival);
