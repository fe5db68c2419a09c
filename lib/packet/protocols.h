// SPDX-License-Identifier: BSD-3-Clause
//
// IP protocols by the names that users write, in configurations and on command lines. proto_name
// has the names that we print.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// All names, to suggest one that is close to a misspelt word. Of two names that are equally close
// to a word, the likelier one comes first.
struct protocol {
	const char *name; // in lower case
	uint8_t number;
};

extern const struct protocol protocols[];
extern const unsigned int n_protocols;

// The number of a protocol; case does not matter. Returns false for an unknown name.
bool protocol_number(const char *name, uint8_t *number);
