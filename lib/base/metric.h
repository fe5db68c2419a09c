// SPDX-License-Identifier: BSD-3-Clause
//
// Metrics as rows: what each is called, what it means, and where it lies.
//
// The module that owns counters has a table of rows about the struct that they lie in. Everybody
// who tells them reads the rows: the telemetry socket, the log, the summary of a replay, sallyctl
// metrics and the test that holds the manual page against them. To add a counter is to add a row.
//
// Names are those of OpenMetrics, of the family: sallyctl adds _total to a counter's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
	METRIC_COUNTER,   // only grows, until what it counts begins anew
	METRIC_GAUGE,     // goes up and down
	METRIC_HISTOGRAM, // of times, in ns: element i counts those of less than 2^i ns that were
			  // not in the element before; the last one has all the longer ones, too
};

struct metric {
	const char *name; // "sallyport_packets_dropped"
	const char *key;  // its name in JSON and the log; NULL: they leave it out. The name of a
			  // histogram in JSON, which tells them in a list of their own
	const char *help; // a sentence, at most 127 characters
	const char *unit; // with which the name ends, such as "bytes"; NULL: it has none
	enum metric_kind kind;
	uint16_t offset; // in the struct
	uint16_t width;  // of a value in bytes, 4 or 8
	uint16_t n;      // values that lie behind each other, 1 at least
	// What tells several values apart; NULL: there is one, or it is a histogram.
	const char *label;
	const char *(*value_name)(unsigned int element); // NULL: this one means nothing
	bool joins;          // JSON and the log tell it among the values of the row before
	uint16_t first;      // values before this one mean nothing
	uint16_t sum_offset; // of a histogram: where the sum of all times lies
};

struct metric_table {
	const struct metric *rows;
	unsigned int n;
};

// Where a metric lies, for a row: .offset, .width and .n of a value, or of all values of an array.
#define METRIC_AT(type, member)                                                                    \
	.offset = offsetof(type, member), .width = sizeof(((type *)NULL)->member), .n = 1
#define METRIC_ALL(type, member)                                                                   \
	.offset = offsetof(type, member), .width = sizeof(((type *)NULL)->member[0]),              \
	.n = sizeof(((type *)NULL)->member) / sizeof(((type *)NULL)->member[0])

#define METRIC_TABLE(rows)                                                                         \
	{                                                                                          \
		(rows), sizeof(rows) / sizeof((rows)[0])                                           \
	}

// One value of what lies in the struct. Any thread: it is read once.
uint64_t metric_value(const struct metric *metric, const void *object, unsigned int element);

// The sum of all values. Any thread, as above. => Not for a histogram.
uint64_t metric_total(const struct metric *metric, const void *object);

// The row whose value, or first value, is at this offset in the struct.
// => There is one: a unit test of each module checks its table.
const struct metric *metric_row_at(const struct metric_table *table, size_t offset);

// The sum of a histogram's times, in ns. Any thread.
uint64_t metric_sum_ns(const struct metric *metric, const void *object);

// Adds all values of a part to those of the sum, another struct of the same kind.
void metrics_add(const struct metric_table *table, void *sum, const void *part);
