// SPDX-License-Identifier: BSD-3-Clause
//
// The firewall's counters as log lines, for use without the telemetry socket: a line per group,
// "statistics NAME key=value...", with the keys of sallyctl.
#pragma once

#include "engine/appliance.h"

// => Main thread, while workers run; they do not have to wait.
void statistics_log(const struct appliance *appliance);

// Logs how much was never freed, as an error unless it is zero.
// => Main thread, when everything has ended.
void statistics_log_leaked(unsigned int packets, unsigned int connections);
