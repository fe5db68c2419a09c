// SPDX-License-Identifier: BSD-3-Clause
//
// They arrive as pages of families and samples (lib/control/metrics.c). Nothing is printed before
// the last page is there: if the configuration changes meanwhile, all pages are requested again.
#include "app/ctl_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "app/ctl_output.h"
#include "app/ctl_socket.h"

#define ATTEMPTS_MAX 10
#define LABELS_MAX   16
#define NAME_SIZE    128
#define NUMBER_SIZE  32

struct metrics {
	FILE *out;
	enum openmetrics_format format;
	bool is_json;
	struct ctl_array array;
	char name[NAME_SIZE]; // of the family; "": none yet
	char unit[NAME_SIZE]; // likewise
	enum metric_kind kind;
};

struct labels {
	struct openmetrics_label list[LABELS_MAX + 1]; // and one added here
	unsigned int n;
};

static bool
read_kind(const char *text, enum metric_kind *kind)
{
	static const struct {
		const char *name;
		enum metric_kind kind;
	} kinds[] = {
		{"counter", METRIC_COUNTER},
		{"gauge", METRIC_GAUGE},
		{"histogram", METRIC_HISTOGRAM},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (text != NULL && strcmp(kinds[i].name, text) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static int
take_family(struct metrics *metrics, const json_t *row, const char *name)
{
	const char *unit = json_string_value(json_object_get(row, "unit"));
	const char *help = json_string_value(json_object_get(row, "help"));
	const struct openmetrics_family *family;

	if (!openmetrics_is_name(name) || strlen(name) >= NAME_SIZE || help == NULL ||
	    (unit != NULL && (!openmetrics_is_name(unit) || strlen(unit) >= NAME_SIZE)) ||
	    !read_kind(json_string_value(json_object_get(row, "kind")), &metrics->kind))
		return -1;
	snprintf(metrics->name, sizeof(metrics->name), "%s", name);
	snprintf(metrics->unit, sizeof(metrics->unit), "%s", unit == NULL ? "" : unit);
	family = &(struct openmetrics_family){name, help, unit, metrics->kind};
	if (!metrics->is_json)
		openmetrics_write_family(metrics->out, metrics->format, family);
	return 0;
}

static int
read_labels(const json_t *row, struct labels *labels)
{
	json_t *object = json_object_get(row, "labels");
	const char *name;
	json_t *value;

	*labels = (struct labels){0};
	if (!json_is_object(object) || json_object_size(object) > LABELS_MAX)
		return -1;
	json_object_foreach(object, name, value)
	{
		if (!openmetrics_is_label(name) || !json_is_string(value))
			return -1;
		labels->list[labels->n++] =
			(struct openmetrics_label){name, json_string_value(value)};
	}
	return 0;
}

// Writes the number as text. Returns false if it is not a number.
static bool
read_number(const json_t *value, char text[NUMBER_SIZE])
{
	if (json_is_integer(value))
		snprintf(text, NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		snprintf(text, NUMBER_SIZE, "%.16g", json_number_value(value));
	return json_is_number(value);
}

// True for the upper end of a bucket.
static bool
is_end(const char *text)
{
	return strcmp(text, "+Inf") == 0 ||
	       (text[0] != '\0' && strspn(text, "0123456789.e-") == strlen(text));
}

static int
take_histogram(struct metrics *metrics, const json_t *row, struct labels *labels)
{
	json_t *buckets = json_object_get(row, "buckets");
	char count[NUMBER_SIZE] = "0", sum[NUMBER_SIZE];
	const char *end;
	json_t *value;

	if (!json_is_object(buckets) || !read_number(json_object_get(row, "sum"), sum))
		return -1;
	json_object_foreach(buckets, end, value)
	{
		if (!is_end(end) || !json_is_integer(value) || !read_number(value, count))
			return -1;
		labels->list[labels->n] = (struct openmetrics_label){"le", end};
		openmetrics_write_sample(metrics->out, metrics->name, "_bucket", labels->list,
					 labels->n + 1, count);
	}
	openmetrics_write_sample(metrics->out, metrics->name, "_count", labels->list, labels->n,
				 count);
	openmetrics_write_sample(metrics->out, metrics->name, "_sum", labels->list, labels->n, sum);
	return 0;
}

static int
take_sample(struct metrics *metrics, const json_t *row)
{
	char number[NUMBER_SIZE];
	struct labels labels;

	if (metrics->name[0] == '\0' || read_labels(row, &labels) != 0)
		return -1;
	if (metrics->kind == METRIC_HISTOGRAM)
		return take_histogram(metrics, row, &labels);
	if (!read_number(json_object_get(row, "value"), number))
		return -1;
	openmetrics_write_sample(metrics->out, metrics->name, openmetrics_suffix(metrics->kind),
				 labels.list, labels.n, number);
	return 0;
}

// A row, together with its family.
static int
take_json(struct metrics *metrics, json_t *row)
{
	char name[NAME_SIZE + 8];
	json_t *sample;

	if (metrics->name[0] == '\0')
		return -1;
	snprintf(name, sizeof(name), "%s%s", metrics->name, openmetrics_suffix(metrics->kind));
	sample = json_pack("{ss}", "name", name);
	if (sample == NULL)
		return -1;
	if (metrics->unit[0] != '\0')
		json_object_set_new(sample, "unit", json_string(metrics->unit));
	json_object_update(sample, row);
	ctl_array_add(&metrics->array, sample);
	json_decref(sample);
	return 0;
}

static int
take_row(void *context, json_t *row)
{
	struct metrics *metrics = context;
	const char *family = json_string_value(json_object_get(row, "family"));
	int result;

	if (family != NULL)
		result = take_family(metrics, row, family);
	else
		result = metrics->is_json ? take_json(metrics, row) : take_sample(metrics, row);
	if (result != 0)
		ctl_report("malformed metric");
	return result;
}

// Requests all pages. *is_whole says whether they are from one configuration.
static int
take_pages(struct ctl_client *client, const char *command, struct metrics *metrics, bool *is_whole)
{
	struct ctl_page page = {0};
	json_int_t first = 0;

	do {
		bool is_first = page.cursor == 0;

		if (ctl_client_page(client, command, "metrics", &page, take_row, metrics) != 0)
			return -1;
		if (is_first)
			first = page.generation;
		*is_whole = page.generation == first;
	} while (*is_whole && page.cursor != 0);
	if (metrics->is_json)
		ctl_array_end(&metrics->array);
	else
		openmetrics_write_end(metrics->out, metrics->format);
	return 0;
}

int
ctl_metrics(struct ctl_client *client, const char *command, enum openmetrics_format format,
	    bool is_json)
{
	bool is_whole = false;

	for (unsigned int i = 0; !is_whole && i < ATTEMPTS_MAX; i++) {
		struct metrics metrics = {.format = format, .is_json = is_json};
		char *text = NULL;
		size_t len = 0;
		int result;

		metrics.out = metrics.array.out = open_memstream(&text, &len);
		result =
			metrics.out == NULL ? -1 : take_pages(client, command, &metrics, &is_whole);
		if (metrics.out == NULL || fclose(metrics.out) != 0)
			ctl_report("no memory");
		else if (result == 0 && is_whole)
			fwrite(text, 1, len, stdout);
		free(text);
		if (result != 0)
			return -1;
	}
	if (!is_whole)
		ctl_report("the configuration changes all the time");
	return is_whole ? 0 : -1;
}
