// SPDX-License-Identifier: BSD-3-Clause
//
// Turns a connection from the telemetry socket back into a struct ct_entry.
#pragma once

#include <jansson.h>

#include "conntrack/conntrack.h"

// Fills the entry from a row (lib/control/entry.h); the name of its state stays in the row.
// => The row may hold anything. Returns 0, and the entry is safe to print, or -1 if the row is not
//    a connection: a member is missing or wrong.
int ctl_entry_from_row(const json_t *row, struct ct_entry *entry);
