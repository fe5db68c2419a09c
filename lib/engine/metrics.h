// SPDX-License-Identifier: BSD-3-Clause
//
// The rows for the counters of workers and ports (base/metric.h).
#pragma once

#include "base/metric.h"

extern const struct metric_table worker_metrics; // of struct worker_stats
extern const struct metric_table port_metrics;   // of struct rte_eth_stats
