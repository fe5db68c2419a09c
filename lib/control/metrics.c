// SPDX-License-Identifier: BSD-3-Clause
//
// All metrics, self-describing: families with their help, each with its samples, from all sources
// (sources.h).
//
// The list has pages, because answers are limited in length and there may be many rules. A row is a
// family, or a sample or histogram of the family before; all buckets of a histogram are of one
// moment. The cursor is the number of a family and the number of the next sample in it. Rules
// change with the configuration, so each page carries its generation: pages of two configurations
// must not be taken for one list.
#include <math.h>
#include <stdio.h>

#include "control/commands.h"
#include "control/sources.h"

// The longest row: four labels, of which one has 127 characters of six bytes each at most and the
// others twice the longest name; or a histogram.
#define ROW_BYTES_MAX 1792

// Times below 2^8 ns are one bucket: no turn is faster.
#define FIRST_BUCKET 8

static void
fill_family(const struct metric *row, struct answer *answer)
{
	static const char *const kinds[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};

	answer_string(answer, "family", row->name);
	answer_string(answer, "kind", kinds[row->kind]);
	if (row->unit != NULL)
		answer_string(answer, "unit", row->unit);
	answer_string(answer, "help", row->help);
}

// The number of samples of a metric per object; a histogram is one.
static unsigned int
n_samples(const struct metric *row)
{
	return row->kind == METRIC_HISTOGRAM ? 1 : row->n - row->first;
}

// Buckets are cumulative and named by their upper bounds in seconds.
static void
fill_histogram(const struct metric *row, const void *object, struct answer *answer)
{
	struct answer buckets = answer_object(answer, "buckets");
	uint64_t n = 0;

	for (unsigned int bits = 0; bits < row->n; bits++) {
		char end[24] = "+Inf";

		n += metric_value(row, object, bits);
		if (bits + 1u < row->n)
			snprintf(end, sizeof(end), "%.10g",
				 ldexp(1, (int)bits) / (double)NS_PER_SEC);
		if (bits >= FIRST_BUCKET)
			answer_number(&buckets, end, n);
	}
	answer_seconds(answer, "sum", metric_sum_ns(row, object));
}

// Adds the sample, unless it has no value.
static void
fill_sample(struct scrape *scrape, const struct source *source, const struct metric *row,
	    uint64_t cursor, uint32_t sample, struct answer *rows)
{
	unsigned int index = sample / n_samples(row);
	unsigned int element = row->first + sample % n_samples(row);
	const void *object = source->object(scrape, index);
	const char *value_name = row->label == NULL ? NULL : row->value_name(element);
	struct answer answer, labels;

	if (object == NULL || (row->label != NULL && value_name == NULL))
		return;
	answer = answer_row(rows, cursor);
	labels = answer_object(&answer, "labels");
	source->label(scrape, index, &labels);
	if (row->label != NULL)
		answer_text(&labels, row->label, value_name);
	if (row->kind == METRIC_HISTOGRAM)
		fill_histogram(row, object, &answer);
	else
		answer_number(&answer, "value", metric_value(row, object, element));
}

// Adds the rows from the cursor on, as many as fit. Returns the next cursor; 0 at the end.
static uint64_t
fill_rows(struct scrape *scrape, uint64_t cursor, struct answer *rows)
{
	uint32_t family = (uint32_t)(cursor >> 32), next = (uint32_t)cursor;
	const struct metric *row;
	const struct source *source;

	for (; (source = source_of_family(family, &row)) != NULL; family++, next = 0) {
		uint32_t n = source->count(scrape) * n_samples(row);

		for (; next <= n; next++) { // the family itself, then its samples
			cursor = (uint64_t)family << 32 | next;
			if (!answer_has_room(rows, ROW_BYTES_MAX))
				return cursor;
			if (next == 0) {
				struct answer answer = answer_row(rows, cursor);

				fill_family(row, &answer);
			} else {
				fill_sample(scrape, source, row, cursor, next - 1, rows);
			}
		}
	}
	return 0;
}

void
command_metrics(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct snapshot *snapshot = engine_snapshot(appliance->engine);
	struct scrape scrape = {.appliance = appliance, .ruleset = snapshot->ruleset};
	const struct metric *row;
	struct answer rows;
	uint64_t next;

	if (source_of_family((uint32_t)(cursor >> 32), &row) == NULL) {
		answer_string(answer, "error", "the cursor is beyond the list");
		return;
	}
	rows = answer_object(answer, "metrics");
	next = fill_rows(&scrape, cursor, &rows);
	answer_number(answer, "cursor", next);
	answer_number(answer, "generation", snapshot->generation);
}
