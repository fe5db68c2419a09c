// SPDX-License-Identifier: BSD-3-Clause
//
// A connection as it came over the telemetry socket, made into what report_entry (lib/report)
// makes: its members in its order, true and false, and null for a protocol without states.
#pragma once

#include <jansson.h>

// => Returns a new object that shares values with the row, or NULL when the row is no connection:
//    a member is missing, or is not what it should be.
// => Everything in the object is safe to print.
json_t *ctl_entry_from_row(json_t *row);
