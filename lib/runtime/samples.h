// SPDX-License-Identifier: BSD-3-Clause
//
// Sample packets between two hosts for the self-test of steering, one kind for each way of
// steering.
#pragma once

#include <stdint.h>

#include "packet/tuple.h"

#define SAMPLE_MAX 192 // bytes of a frame

enum sample {
	SAMPLE_TCP,
	SAMPLE_UDP,
	SAMPLE_ECHO,
	SAMPLE_GRE,
	SAMPLE_FRAGMENT, // not the first one: it has no ports
	SAMPLE_ERROR,    // of a router between them, about a packet from src to dst
	SAMPLE_COUNT,
};

// The addresses of a pair of hosts; different numbers give different pairs.
void sample_hosts(uint32_t number, enum family family, union address *src, union address *dst);

// Writes the frame and returns its length.
// => frame has room for SAMPLE_MAX bytes.
uint32_t sample_write(uint8_t *frame, enum sample sample, enum family family,
		      const union address *src, const union address *dst);
