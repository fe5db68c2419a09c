// SPDX-License-Identifier: BSD-3-Clause
//
// Random rules with everything that a rule may match and do. There are few different values, so
// that rules match packets made from the same values; a test makes its packets with the functions
// below.
//
// Life cycle: random_chains, then what the test does to them, then random_chains_free. The numbers
// come from util/random.h.
#pragma once

#include <stdint.h>

#include "packet/tuple.h"
#include "rules/rules.h"

#define RANDOM_HOSTS  12 // 10.0.0.0 to 10.0.0.11, or 2001:db8:: to 2001:db8::b
#define RANDOM_VALUES 3  // zones and helpers: 0, 1, 2
#define RANDOM_MARKS  8  // 0 to 7

// Host number n of those that rules match.
union address random_host(enum family family, uint32_t n);

enum family random_family(void);
union address random_address(enum family family); // a host's, now and then with one bit wrong
uint8_t random_proto(void);
uint16_t random_port(void);
uint8_t random_icmp(void); // a type or a code

struct random_shape {
	unsigned int n_chains_max;
	unsigned int n_rules_max;          // in all chains together
	unsigned int keys_min, keys_below; // how likely a rule has each key, in percent
};

// Makes chains with at least one rule in all, all of the same priority. Returns the number of
// chains.
unsigned int random_chains(const struct random_shape *shape, struct chain chains[]);
void random_chains_free(struct chain chains[], unsigned int n_chains);
