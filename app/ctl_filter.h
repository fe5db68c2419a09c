// SPDX-License-Identifier: BSD-3-Clause
//
// Which connections sallyctl ct list shows: those that have everything the filter asks for. As in
// conntrack -L, addresses and ports are those of the original direction.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conntrack/conntrack.h"

struct ctl_prefix {
	uint8_t family; // enum family; FAMILY_NONE: any address
	unsigned int len;
	uint8_t bytes[16];
};

struct ctl_filter {
	int32_t protonum; // -1: any
	int32_t sport;    // likewise
	int32_t dport;
	int32_t zone;
	const char *state; // NULL: any; not owned
	uint32_t mark;
	uint32_t mark_mask; // 0: any
	struct ctl_prefix src;
	struct ctl_prefix dst;
};

// A filter that everything passes.
void ctl_filter_init(struct ctl_filter *filter);

// Asks for one thing more: proto, src, dst, sport, dport, state, mark or zone.
// => Returns NULL, or what the text should have been. The text is kept by reference.
const char *ctl_filter_set(struct ctl_filter *filter, const char *name, const char *text);

bool ctl_filter_passes(const struct ctl_filter *filter, const struct ct_entry *entry);
