// SPDX-License-Identifier: BSD-3-Clause
//
// The firewall's counters as lines of the log, for who has no telemetry socket at hand: each line a
// group, "statistics NAME key=value...", the keys those of sallyctl.
#pragma once

#include "engine/appliance.h"

// => Main thread, while workers run; they are not made to wait.
void statistics_log(const struct appliance *appliance);

// Logs how much was never given back, as an error if it is more than nothing.
// => Main thread, when everything has ended.
void statistics_log_leaked(unsigned int packets, unsigned int connections);
