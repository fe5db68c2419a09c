// SPDX-License-Identifier: BSD-3-Clause
//
// Filters of connections (conntrack/filter.h) as text, with the names of conntrack(8): "src",
// "orig-port-src", "state". sallyctl's options, what it sends, and what the telemetry socket parses
// all come from one table.
#pragma once

#include <stddef.h>

#include "conntrack/filter.h"

#define FILTER_ALIASES 3

// Room for a value, with its zero byte; no valid value is longer.
#define FILTER_TEXT_SIZE 64

// One condition of a filter.
struct filter_key {
	const char *name;
	const char *aliases[FILTER_ALIASES];
	char letter;          // of the option; 0: none
	const char *argument; // of the option, for help
	const char *help;
};

// All conditions, in the order of the help.
unsigned int filter_n_keys(void);
const struct filter_key *filter_key(unsigned int index);

// Adds one condition, by its name or an alias. It replaces an earlier one of that name.
// => Returns NULL, or what is wrong, as the rest of a sentence; then the filter is unchanged.
const char *filter_set(struct ct_filter *filter, const char *name, const char *text);

// Parses "NAME=TEXT NAME=TEXT ...", which may be empty.
// => filter is all zeros at first. Returns 0, or -1 with a sentence in error.
int filter_parse(const char *text, struct ct_filter *filter, char *error, size_t error_size);

// True when the filter has no condition.
bool filter_is_empty(const struct ct_filter *filter);

// Makes the tuple of the one connection that the filter identifies: protocol, both addresses, and
// both ports, or type, code and identifier, or keys, depending on the protocol, of the original or
// the reply direction; the zone is 0 unless given.
// => Returns NULL, or a sentence that says what is missing or superfluous.
const char *filter_tuple(const struct ct_filter *filter, struct tuple *tuple);
