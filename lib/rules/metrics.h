// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of what rules count (base/metric.h), both of struct rule_counter.
#pragma once

#include "base/metric.h"

extern const struct metric_table rule_metrics;   // of a rule
extern const struct metric_table policy_metrics; // of the policy of a chain
