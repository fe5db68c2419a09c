// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of what connection tracking counts (base/metric.h).
#pragma once

#include "base/metric.h"

extern const struct metric_table ct_metrics;       // of struct ct_stats
extern const struct metric_table ct_count_metrics; // of struct ct_count
