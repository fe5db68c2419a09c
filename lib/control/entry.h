// SPDX-License-Identifier: BSD-3-Clause
//
// A connection in an answer: the members of report_entry_json (lib/report), with the same names and
// in the same order, in the types of DPDK's telemetry: true and false become 1 and 0, and a state
// of null is absent. Private to control.
#pragma once

#include "conntrack/conntrack.h"
#include "control/answer.h"

// The longest row: IPv6 addresses, all numbers of maximum length.
#define ENTRY_BYTES_MAX 640

void entry_fill(const struct ct_entry *entry, struct answer *row);
