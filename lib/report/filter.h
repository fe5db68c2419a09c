// SPDX-License-Identifier: BSD-3-Clause
//
// Filters of connections (conntrack/filter.h) as text, by the names that conntrack(8) has: "src",
// "orig-port-src", "state". One table is what sallyctl's options are made from, what it sends, and
// what the telemetry socket reads.
#pragma once

#include <stddef.h>

#include "conntrack/filter.h"

#define FILTER_ALIASES 3

// Of what is asked for, with a 0; nothing that means something is longer.
#define FILTER_TEXT_SIZE 64

// One thing that a filter may ask for.
struct filter_key {
	const char *name;
	const char *aliases[FILTER_ALIASES];
	char letter;          // of the option, 0: it has none
	const char *argument; // what stands behind it, for help
	const char *help;
};

// All there are, in the order in which help lists them.
unsigned int filter_n_keys(void);
const struct filter_key *filter_key(unsigned int index);

// Asks for one thing more, by its name or an alias. What was asked for by that name before does not
// count any more.
// => Returns NULL, or what is wrong, a text that begins in the middle of a sentence. Then the filter
//    is what it was.
const char *filter_set(struct ct_filter *filter, const char *name, const char *text);

// Reads "NAME=TEXT NAME=TEXT ...": any number of them, also none.
// => filter is all zeros at first. Returns 0, or -1 with a sentence in error.
int filter_parse(const char *text, struct ct_filter *filter, char *error, size_t error_size);

// True when the filter asks for nothing.
bool filter_is_empty(const struct ct_filter *filter);

// Makes the tuple of the one connection that the filter names: protocol, both addresses, and both
// ports, or type, code and identifier, or keys, as the protocol has them, of the original direction
// or of the reply; without a zone it is 0.
// => Returns NULL, or what is missing or too much, a sentence.
const char *filter_tuple(const struct ct_filter *filter, struct tuple *tuple);
