// SPDX-License-Identifier: BSD-3-Clause
//
// Metrics as rows: name, meaning, and location in memory.
//
// A module that counts has a table of rows about the struct that holds its counters. Everything
// that prints them reads the rows: the telemetry socket, the log, the summary of a replay, sallyctl
// metrics, and the test that compares the manual page with them. To add a counter is to add a row.
//
// A name is that of an OpenMetrics family: sallyctl adds _total to the names of counters.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
	METRIC_COUNTER,   // only grows, until its object is replaced
	METRIC_GAUGE,     // goes up and down
	METRIC_HISTOGRAM, // of times, in ns: element i counts times below 2^i ns that are
			  // not in an earlier element; the last one also counts all longer times
};

struct metric {
	const char *name; // "sallyport_packets_dropped"
	const char *key;  // its name in JSON and the log; NULL: not printed there. Histograms: the
			  // name in the list of turns
	const char *help; // a sentence, at most 127 characters
	const char *unit; // the end of the name, such as "bytes"; NULL: none
	enum metric_kind kind;
	uint16_t offset; // in the struct
	uint16_t width;  // of a value in bytes, 4 or 8
	uint16_t n;      // number of consecutive values, at least 1
	// The label of several values; NULL: there is one value, or it is a histogram.
	const char *label;
	const char *(*value_name)(unsigned int element); // NULL: this value is not used
	bool joins;          // JSON and the log print it with the values of the row before
	uint16_t first;      // values before this one are not used
	uint16_t sum_offset; // of a histogram: offset of the sum of all times
};

struct metric_table {
	const struct metric *rows;
	unsigned int n;
};

// Location of a metric, for a row: .offset, .width and .n of a value, or of all values of an array.
#define METRIC_AT(type, member)                                                                    \
	.offset = offsetof(type, member), .width = sizeof(((type *)NULL)->member), .n = 1
#define METRIC_ALL(type, member)                                                                   \
	.offset = offsetof(type, member), .width = sizeof(((type *)NULL)->member[0]),              \
	.n = sizeof(((type *)NULL)->member) / sizeof(((type *)NULL)->member[0])

#define METRIC_TABLE(rows)                                                                         \
	{                                                                                          \
		(rows), sizeof(rows) / sizeof((rows)[0])                                           \
	}

// One value of the metric in the object. Any thread: it is read once.
uint64_t metric_value(const struct metric *metric, const void *object, unsigned int element);

// The sum of all values. Any thread, as above. => Not for a histogram.
uint64_t metric_total(const struct metric *metric, const void *object);

// The row whose (first) value is at this offset in the struct.
// => There is one: a unit test of each module checks its table.
const struct metric *metric_row_at(const struct metric_table *table, size_t offset);

// The sum of a histogram's times, in ns. Any thread.
uint64_t metric_sum_ns(const struct metric *metric, const void *object);

// Adds all values of part to those of sum, a struct of the same kind.
void metrics_add(const struct metric_table *table, void *sum, const void *part);
