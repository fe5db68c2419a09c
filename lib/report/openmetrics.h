// SPDX-License-Identifier: BSD-3-Clause
//
// Metrics as monitoring systems read them: OpenMetrics 1.0 text, or the older text format of
// Prometheus (0.0.4) for programs that read nothing else, such as the textfile collector of
// node_exporter. In the older format a counter's family has the name of its samples, and there are
// no units and no end marker.
//
// A text consists of families, each followed by its samples, and the end.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/metric.h"

enum openmetrics_format { OPENMETRICS_TEXT, OPENMETRICS_PROMETHEUS };

struct openmetrics_label {
	const char *name;
	const char *value; // UTF-8
};

struct openmetrics_family {
	const char *name;
	const char *help; // UTF-8
	const char *unit; // NULL: it has none
	enum metric_kind kind;
};

// True for a valid name of a family, or of a label, which may not have a colon.
bool openmetrics_is_name(const char *name);
bool openmetrics_is_label(const char *name);

// What follows the family's name in the names of its samples, except for a histogram: "_total" or
// "".
const char *openmetrics_suffix(enum metric_kind kind);

void openmetrics_write_family(FILE *out, enum openmetrics_format format,
			      const struct openmetrics_family *family);

// One sample of the family with this name.
// => Names are such (openmetrics_is_name, openmetrics_is_label); value is a number as text.
void openmetrics_write_sample(FILE *out, const char *family, const char *suffix,
			      const struct openmetrics_label labels[], unsigned int n_labels,
			      const char *value);

void openmetrics_write_end(FILE *out, enum openmetrics_format format);
