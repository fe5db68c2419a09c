// SPDX-License-Identifier: BSD-3-Clause
//
// Connections and events as other programs read them: JSON objects, and the lines of conntrack(8).
//
// Replay prints its own connections with it, and sallyctl those that it receives: both print the
// same. The third form, in which sallyport sends connections to sallyctl, is in record.h.
#pragma once

#include <stddef.h>

#include "conntrack/conntrack.h"

// Flags for all JSON written by jansson: seconds keep their microseconds.
#define REPORT_JSON_FLAGS (JSON_REAL_PRECISION(16) | JSON_ENSURE_ASCII)

// Names of states are truncated here; none is that long.
#define REPORT_WORD_MAX 31

// Room for any of the texts below, with its zero byte.
#define REPORT_TEXT_SIZE 1024

// A connection as in the table of a replay and in sallyctl ct list --json, in one line without its
// newline.
// => All of these: text has room for REPORT_TEXT_SIZE bytes. Returns the length without the zero
//    byte.
size_t report_entry_json(const struct ct_entry *entry, char *text);

// An event: ts, event ("new", "update", "destroy"), of a destroy event the reason (ct_end_name),
// then the members of report_entry_json.
size_t report_event_json(const struct ct_event *event, char *text);

// One line in the format of conntrack -L, with its newline.
size_t report_entry_line(const struct ct_entry *entry, char *text);

// One line in the format of conntrack -E, with its newline.
size_t report_event_line(const struct ct_event *event, char *text);

// The names of the protocol's two fields of a tuple, in the order in which they are printed.
struct report_field {
	const char *name;
	uint32_t value;
	bool is_hex; // in a line, after 0x
};

#define REPORT_FIELDS_MAX 3

// Returns how many there are.
unsigned int report_fields(const struct tuple *tuple,
			   struct report_field fields[REPORT_FIELDS_MAX]);
