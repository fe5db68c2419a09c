// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a capture was taken on the machine that sends, before its NIC filled in the checksums.
//
// Such packets are invalid here and were not to who received them. What gives them away: all of
// them have one sender, and in place of the checksum is what the NIC goes on from, the sum of the
// pseudo header alone, or nothing.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "packet/packet.h"

// Wrong checksums of a replay. All zero: none so far.
struct offload {
	uint64_t n_packets;
	uint64_t n_wrong;    // of layer 4
	uint64_t n_unfilled; // of those, as a sender leaves them to its NIC
	uint64_t n_no_ipv4;  // IPv4 headers with 0 in place of their checksum
	struct tuple first;  // of the first wrong one
	bool has_others;     // one with another source
};

// Counts a packet that has been judged.
void offload_count(struct offload *offload, const struct pkt *pkt);

// Says what it looks like and what helps, if it looks like that; otherwise nothing.
void offload_print(const struct offload *offload, FILE *out);
