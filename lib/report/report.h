// SPDX-License-Identifier: BSD-3-Clause
//
// Connections and events as other programs read them: JSON objects, and the lines of conntrack(8).
//
// The line is made from the JSON object, so that sallyctl, which has nothing else, prints what
// replay prints. JSON is jansson's; the caller owns what is returned (json_decref).
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "conntrack/conntrack.h"

// How all our JSON is written: numbers of seconds keep their microseconds.
#define REPORT_JSON_FLAGS (JSON_REAL_PRECISION(16) | JSON_ENSURE_ASCII)

// A connection as in the table of a replay and in sallyctl ct list --json.
json_t *report_entry(const struct ct_entry *entry);

// An event: ts, event ("new", "update", "destroy"), then the members of report_entry.
json_t *report_event(const struct ct_event *event);

// One line in the format of conntrack -L, with its newline.
// => entry has the members of report_entry; those that are absent are left out.
void report_entry_line(const json_t *entry, FILE *out);

// One line in the format of conntrack -E, with its newline. event as of report_event.
void report_event_line(const json_t *event, FILE *out);
