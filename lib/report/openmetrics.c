// SPDX-License-Identifier: BSD-3-Clause
#include "report/openmetrics.h"

#include <string.h>

#include "base/contract.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS  "0123456789"

bool
openmetrics_is_label(const char *name)
{
	return name[0] != '\0' && strchr(LETTERS, name[0]) != NULL &&
	       strspn(name, LETTERS DIGITS) == strlen(name);
}

bool
openmetrics_is_name(const char *name)
{
	return name[0] != '\0' && strchr(LETTERS ":", name[0]) != NULL &&
	       strspn(name, LETTERS DIGITS ":") == strlen(name);
}

const char *
openmetrics_suffix(enum metric_kind kind)
{
	return kind == METRIC_COUNTER ? "_total" : "";
}

// Escaped text: a backslash before the characters that need it, and \n for line breaks.
static void
write_escaped(FILE *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (strchr(special, *text) != NULL)
			fputc('\\', out);
		fputc(*text, out);
	}
}

void
openmetrics_write_family(FILE *out, enum openmetrics_format format,
			 const struct openmetrics_family *family)
{
	static const char *const kinds[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	bool is_old = format == OPENMETRICS_PROMETHEUS;
	const char *suffix = is_old ? openmetrics_suffix(family->kind) : "";

	fprintf(out, "# HELP %s%s ", family->name, suffix);
	write_escaped(out, family->help, is_old ? "\\" : "\\\"");
	fprintf(out, "\n# TYPE %s%s %s\n", family->name, suffix, kinds[family->kind]);
	if (family->unit != NULL && !is_old)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
}

void
openmetrics_write_sample(FILE *out, const char *family, const char *suffix,
			 const struct openmetrics_label labels[], unsigned int n_labels,
			 const char *value)
{
	CONTRACT(openmetrics_is_name(family));
	CONTRACT(value[strspn(value, DIGITS ".e+-")] == '\0');
	fprintf(out, "%s%s", family, suffix);
	for (unsigned int i = 0; i < n_labels; i++) {
		CONTRACT(openmetrics_is_label(labels[i].name));
		fprintf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
		write_escaped(out, labels[i].value, "\\\"");
		fputc('"', out);
	}
	fprintf(out, "%s %s\n", n_labels == 0 ? "" : "}", value);
}

void
openmetrics_write_end(FILE *out, enum openmetrics_format format)
{
	if (format == OPENMETRICS_TEXT)
		fputs("# EOF\n", out);
}
