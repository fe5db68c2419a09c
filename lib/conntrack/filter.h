// SPDX-License-Identifier: BSD-3-Clause
//
// Which connections are meant: a filter as plain data, which holds for a connection or does not.
// Whoever lists connections and whoever deletes them means the same ones by it. Its text is the
// business of report/filter.h.
#pragma once

#include "conntrack/conntrack.h"

#define CT_STATE_SIZE 24 // the name of any state, with a 0

// What the two 16-bit fields of a tuple are.
enum ct_fields { CT_FIELDS_NONE, CT_FIELDS_PORTS, CT_FIELDS_ICMP, CT_FIELDS_KEYS };

enum ct_fields ct_fields_of(uint8_t proto);

// All of it has to hold; one that is all zeros holds for every connection.
struct ct_filter {
	struct tuple value[DIR_COUNT]; // of what is asked for, each direction
	struct tuple mask[DIR_COUNT];  // the bits of it that are asked for
	uint32_t mark;
	uint32_t mark_mask;
	uint8_t status; // bits of enum ct_status
	uint8_t status_mask;
	uint8_t fields;            // enum ct_fields; CT_FIELDS_NONE: no field is asked for
	char state[CT_STATE_SIZE]; // name of the protocol's state; empty: any
};

// Any thread.
bool ct_filter_holds(const struct ct_filter *filter, const struct ct_entry *entry);
