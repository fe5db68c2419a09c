// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and prefixes as users write them. How they are printed, tuple.h says.
#pragma once

#include <stdbool.h>

#include "packet/tuple.h"

// Reads an address the way inet_pton(3) does. Returns its family, FAMILY_NONE when text is none.
enum family address_parse(const char *text, union address *address);

// Reads an address, or one with a slash and a prefix length behind it; without them *len is that of
// the address. Returns its family, FAMILY_NONE when there is no address.
// => What is behind the slash is no length: *len is above that of any address.
enum family address_parse_prefix(const char *text, union address *address, unsigned int *len);

static inline unsigned int
address_bits(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

// True when the first len bits are the same.
bool address_is_within(const union address *address, const union address *prefix, unsigned int len);
