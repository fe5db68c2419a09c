// SPDX-License-Identifier: BSD-3-Clause
//
// What must hold for every table of metrics.
#pragma once

#include "base/metric.h"

// Each byte of a struct of this size belongs to exactly one row; names, units and labels are valid
// in OpenMetrics, help fits into an answer.
#define assert_rows(table, size) rows_assert(table, size, __FILE__, __LINE__)
void rows_assert(const struct metric_table *table, size_t size, const char *file, int line);

// Checks the names only, for tables about a part of a struct.
void rows_assert_names(const struct metric_table *table, const char *file, int line);
