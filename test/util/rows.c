// SPDX-License-Identifier: BSD-3-Clause
#include "util/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX 4096
#define HELP_MAX  127 // characters of a text in an answer

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

// The suffixes of samples may not end the name of a family (OpenMetrics 1.0, "Suffixes").
static bool
has_suffix(const char *name)
{
	static const char *const suffixes[] = {"_total",  "_created", "_count", "_sum",
					       "_bucket", "_gcount",  "_gsum"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (ends_with(name, suffixes[i]))
			return true;
	}
	return false;
}

void
rows_assert_names(const struct metric_table *table, const char *file, int line)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz_";

	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];
		size_t len = strlen(row->help);

		_assert_true(strncmp(row->name, "sallyport_", strlen("sallyport_")) == 0, row->name,
			     file, line);
		_assert_true(strspn(row->name, characters) == strlen(row->name), row->name, file,
			     line);
		_assert_true(!has_suffix(row->name), row->name, file, line);
		_assert_true(row->unit == NULL || ends_with(row->name, row->unit), row->name, file,
			     line);
		_assert_true(len > 0 && len <= HELP_MAX && row->help[len - 1] == '.', row->help,
			     file, line);
		_assert_true((row->label == NULL) == (row->value_name == NULL), row->name, file,
			     line);
		_assert_true(row->label != NULL || row->kind == METRIC_HISTOGRAM || row->n == 1,
			     row->name, file, line);
		_assert_true(row->kind != METRIC_HISTOGRAM || row->key != NULL, row->name, file,
			     line);
	}
}

void
rows_assert(const struct metric_table *table, size_t size, const char *file, int line)
{
	unsigned char n_told[BYTES_MAX] = {0};

	rows_assert_names(table, file, line);
	_assert_true(size <= sizeof(n_told), "the struct fits", file, line);
	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];

		for (unsigned int k = row->first; row->value_name != NULL && k < row->n; k++)
			_assert_true(row->value_name(k) != NULL, row->name, file, line);
		for (size_t byte = 0; byte < (size_t)row->n * row->width; byte++)
			n_told[row->offset + byte]++;
		for (size_t byte = 0; row->kind == METRIC_HISTOGRAM && byte < sizeof(uint64_t);
		     byte++)
			n_told[row->sum_offset + byte]++;
	}
	for (size_t byte = 0; byte < size; byte++)
		_assert_int_equal(n_told[byte], 1, file, line);
}
