// SPDX-License-Identifier: BSD-3-Clause
//
// IP protocols by the names that people give them, in configurations and in questions. What we call
// them ourselves is proto_name's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The names, for who looks for one that is close. A name that is as close as another to a word that
// is none comes before it if it is the likelier one.
struct protocol {
	const char *name; // in small letters
	uint8_t number;
};

extern const struct protocol protocols[];
extern const unsigned int n_protocols;

// The number of a protocol, in any case of letters. Returns false for a name that is not known.
bool protocol_number(const char *name, uint8_t *number);
