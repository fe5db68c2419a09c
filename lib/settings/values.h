// SPDX-License-Identifier: BSD-3-Clause
//
// The syntax of values inside strings: addresses, ranges, protocols, masks, TCP flags.
//
// Pure functions from text to value; they know neither libconfig nor files. On failure they return
// false and write the reason into why, a sentence that quotes the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/rules.h"

#define CFG_WHY_SIZE 200

// A growing list. Its holder owns the elements and frees them with free(3).
struct cfg_prefixes {
	struct prefix *list;
	size_t n, capacity;
};

struct cfg_ranges {
	struct range *list;
	size_t n, capacity;
};

struct cfg_spans {
	struct span *list;
	size_t n, capacity;
};

void cfg_add_prefixes(struct cfg_prefixes *prefixes, const struct prefix added[], size_t n);
void cfg_add_ranges(struct cfg_ranges *ranges, const struct range added[], size_t n);
void cfg_add_span(struct cfg_spans *spans, const struct span *added);

// Adds the prefixes of an address, a prefix, or a range a-b.
bool cfg_parse_addresses(const char *text, struct cfg_prefixes *prefixes, char why[CFG_WHY_SIZE]);

// A number or a range a-b, not above max. what is the kind of number: "a port".
bool cfg_parse_range(const char *text, const char *what, uint16_t max, struct range *range,
		     char why[CFG_WHY_SIZE]);

// The same with 64 bits; without a second number, "a-", up to max.
bool cfg_parse_span(const char *text, const char *what, uint64_t max, struct span *span,
		    char why[CFG_WHY_SIZE]);

// A MAC address, a prefix with /LEN, or a range a-b.
bool cfg_parse_macs(const char *text, struct span *span, char why[CFG_WHY_SIZE]);

// An IP protocol by name, in any case of letters, or number.
bool cfg_parse_protocol(const char *text, uint8_t *proto, char why[CFG_WHY_SIZE]);

// A value or value/mask. Without a mask all bits count.
bool cfg_parse_masked(const char *text, struct masked *masked, char why[CFG_WHY_SIZE]);

// Flags that must be set, a slash, and the flags that are compared: "syn/syn,ack".
bool cfg_parse_tcp_flags(const char *text, uint8_t *flags, uint8_t *mask, char why[CFG_WHY_SIZE]);

// True for text that can only be a port or a range of ports: digits, or digits-digits.
bool cfg_looks_like_ports(const char *text);
