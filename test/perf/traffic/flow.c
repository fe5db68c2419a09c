// SPDX-License-Identifier: BSD-3-Clause
#include "flow.h"

#include <string.h>

#include <arpa/inet.h>

#include "random.h"

#define SCATTER 0x9e3779b1U // odd, so that no two flows get the same client

static void
put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

struct flow
flow_make(const struct flow_family *family, uint32_t index)
{
	uint64_t bits = random_mix((uint64_t)index * 2654435761U + 12345);
	uint32_t client = (index * SCATTER + 0x3357) & (FLOWS_MAX - 1);
	uint32_t server = bits & 0xfff;
	struct flow flow = {
		.client_port = (uint16_t)(1024 + (bits >> 16) % 60000),
		.server_port = family->is_tcp ? 443 : (uint16_t)(53 + ((bits >> 40) & 3) * 100),
		.client_seq = (uint32_t)(bits >> 32),
		.server_seq = (uint32_t)(bits >> 8),
	};

	if (family->is_ipv6) {
		put32(flow.client, 0xfd000000);
		put32(flow.client + 12, client);
		put32(flow.server, 0x20010db8);
		put32(flow.server + 12, server);
	} else {
		put32(flow.client, 0x0a000000 | client);
		put32(flow.server, 0xac100000 | server);
	}
	return flow;
}
