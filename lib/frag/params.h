// SPDX-License-Identifier: BSD-3-Clause
//
// The parameters of fragment handling. Plain data; a store has a copy.
#pragma once

#include <stdint.h>

struct frag_params {
	uint32_t max_datagrams;  // incomplete ones that one worker holds
	uint32_t max_fragments;  // that one worker holds; a fragment of n segments counts n times
	uint32_t max_per_source; // datagrams of one source address
	uint32_t timeout_ipv4;   // seconds from the first fragment on; ipfrag_time
	uint32_t timeout_ipv6;   // the same; nf_conntrack_frag6_timeout
};

// The kernel's timeouts, and about as much room as the kernel's 4 MiB of memory.
void frag_params_init(struct frag_params *params);
