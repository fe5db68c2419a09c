// SPDX-License-Identifier: BSD-3-Clause
//
// Good and bad frames of every kind that the parser knows, with what it has to find in them.
#pragma once

#include "packet/packet.h"
#include "util/frame.h"

#define CASE_RANGES_MAX 5

// From this length of the IP packet on, up to the next range, this is its fault.
struct case_range {
	uint32_t from;
	enum fault fault;
};

struct packet_case {
	const char *name;
	void (*build)(struct frame *frame);
	const char *expected; // of fixture_describe
	// What is found when the sender had sent only so many bytes of the IP packet. Ends with the
	// range of the whole packet.
	struct case_range shorter[CASE_RANGES_MAX];
};

extern const struct packet_case packet_cases[];
extern const unsigned int n_packet_cases;
