// SPDX-License-Identifier: BSD-3-Clause
//
// Connections written by hand, to be printed.
#pragma once

#include "conntrack/conntrack.h"

// A connection of this protocol from 10.1.0.2 (fd01::2) to 10.2.0.2 (fd02::2) with the two fields
// of its original tuple; its reply tuple is the inverse. Answered, 30 s left, no state, no
// counters.
struct ct_entry entry_make(enum family family, uint8_t proto, uint16_t src_field,
			   uint16_t dst_field);

// One of IPv6 that takes as many characters as any, also in its state, which is longer than a state
// can be told.
struct ct_entry entry_make_longest(uint8_t proto);
