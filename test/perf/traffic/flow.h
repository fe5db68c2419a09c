// SPDX-License-Identifier: BSD-3-Clause
//
// Flow number i, always the same: a client with a server, and where their TCP sequence numbers
// start.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FLOWS_MAX (1U << 24) // as many clients as 10/8 has

struct flow_family {
	bool is_ipv6;
	bool is_tcp;
};

struct flow {
	uint8_t client[16]; // network byte order, as much of it as an address has
	uint8_t server[16];
	uint16_t client_port;
	uint16_t server_port;
	uint32_t client_seq; // of the SYN
	uint32_t server_seq;
};

// => index < FLOWS_MAX; different flows have different clients.
struct flow flow_make(const struct flow_family *family, uint32_t index);
