// SPDX-License-Identifier: BSD-3-Clause
//
// A connection as it came over the telemetry socket, made into what it was on the other side.
#pragma once

#include <jansson.h>

#include "conntrack/conntrack.h"

// The entry is what the row (lib/control/entry.h) tells; its state lies in the row.
// => The row may hold anything. Returns 0, or -1 when it is no connection: a member is missing, or
//    is not what it should be. One that is is safe to print.
int ctl_entry_from_row(const json_t *row, struct ct_entry *entry);
