// SPDX-License-Identifier: BSD-3-Clause
#include "frag/params.h"

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
