// SPDX-License-Identifier: BSD-3-Clause
//
// A connection as it travels in an answer: the members of report_entry_json (lib/report), under the
// same names and in the same order, as far as the telemetry library has types for them. What is
// true or false there is 1 or 0 here, and a state that is null there is absent here. Private to
// control.
#pragma once

#include "conntrack/conntrack.h"
#include "control/answer.h"

// No row is longer: addresses of IPv6, all numbers of the largest size.
#define ENTRY_BYTES_MAX 640

void entry_fill(const struct ct_entry *entry, struct answer *row);
