// SPDX-License-Identifier: BSD-3-Clause
//
// Detects captures taken on the sending machine, before its NIC filled in the checksums.
//
// Such packets are invalid here, although they were valid to their receiver. The signs: all have
// one sender, and instead of the checksum they have what the NIC starts from, the sum of the pseudo
// header, or zero.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "packet/packet.h"

// Wrong checksums of a replay. All zero: none so far.
struct offload {
	uint64_t n_packets;
	uint64_t n_wrong;    // of layer 4
	uint64_t n_unfilled; // of these, those that a sender leaves to its NIC
	uint64_t n_no_ipv4;  // IPv4 headers with 0 in place of their checksum
	struct tuple first;  // of the first wrong one
	bool has_others;     // one with another source
};

// Counts a packet that has been judged.
void offload_count(struct offload *offload, const struct pkt *pkt);

// Prints a hint if the capture looks like that; otherwise nothing.
void offload_print(const struct offload *offload, FILE *out);
