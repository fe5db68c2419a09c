// SPDX-License-Identifier: BSD-3-Clause
//
// sallyctl metrics: all metrics of a running sallyport, for monitoring systems.
#pragma once

#include "app/ctl_client.h"
#include "report/openmetrics.h"

// Prints them on standard output, all or nothing, as text in that format or as JSON.
// => Returns 0, or -1 with the reason reported.
int ctl_metrics(struct ctl_client *client, const char *command, enum openmetrics_format format,
		bool is_json);
