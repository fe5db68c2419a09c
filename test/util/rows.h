// SPDX-License-Identifier: BSD-3-Clause
//
// What every table of metrics has to be.
#pragma once

#include "base/metric.h"

// Each byte of a struct of this size is told by exactly one row, but those of the hidden values of
// arrays; names, units and labels are as OpenMetrics wants them, help fits into an answer.
#define assert_rows(table, size) rows_assert(table, size, __FILE__, __LINE__)
void rows_assert(const struct metric_table *table, size_t size, const char *file, int line);

// The names only, for tables that tell a part of a struct.
void rows_assert_names(const struct metric_table *table, const char *file, int line);
