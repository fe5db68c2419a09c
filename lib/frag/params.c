// SPDX-License-Identifier: BSD-3-Clause
#include "frag/params.h"

#include "frag/store.h"

#define BYTES_PER_FRAGMENT 768 // a node and a segment, with the headers of their pools
#define BYTES_AT_LEAST     (UINT64_C(2) << 20)

void
frag_params_init(struct frag_params *params)
{
	*params = (struct frag_params){
		.max_datagrams = 1024,
		.max_fragments = 8192,
		.max_per_source = 64,
		.timeout_ipv4 = 30,
		.timeout_ipv6 = 60,
	};
}

uint64_t
frag_params_bytes(const struct frag_params *params)
{
	return BYTES_AT_LEAST + (uint64_t)params->max_fragments * BYTES_PER_FRAGMENT +
	       (uint64_t)params->max_datagrams *
		       (sizeof(struct datagram) + sizeof(struct source) + 64);
}
