// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of what pipelines count (base/metric.h).
#pragma once

#include "base/metric.h"

extern const struct metric_table pipeline_metrics; // of struct pipeline_stats
extern const struct metric_table cycles_metrics;   // of struct cycles
