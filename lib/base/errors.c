// SPDX-License-Identifier: BSD-3-Clause
#include "base/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/contract.h"
#include "base/escape.h"
#include "base/memory.h"

static const char task[] = "collecting errors";

struct error {
	char *file; // NULL: no place
	unsigned int line;
	unsigned int arrival; // keeps the sort stable
	char *message;
};

void
errors_init(struct errors *errors)
{
	*errors = (struct errors){0};
}

void
errors_fini(struct errors *errors)
{
	for (unsigned int i = 0; i < errors->count; i++) {
		free(errors->list[i].file);
		free(errors->list[i].message);
	}
	free(errors->list);
	errors_init(errors);
}

void
errors_add(struct errors *errors, const char *file, unsigned int line, const char *format, ...)
{
	char *message = NULL;
	va_list args;

	CONTRACT(file != NULL || line == 0);
	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	if (errors->count == errors->capacity) {
		errors->capacity = errors->capacity == 0 ? 16 : errors->capacity * 2;
		errors->list = memory_or_abort(
			realloc(errors->list, errors->capacity * sizeof(*errors->list)), task);
	}
	errors->list[errors->count] = (struct error){
		.file = file == NULL ? NULL : memory_or_abort(strdup(file), task),
		.line = line,
		.arrival = errors->count,
		.message = memory_or_abort(message, task),
	};
	errors->count++;
}

static int
compare(const void *left, const void *right)
{
	const struct error *a = left;
	const struct error *b = right;
	int order = strcmp(a->file == NULL ? "" : a->file, b->file == NULL ? "" : b->file);

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

// The escaped text, owned by the caller.
static char *
escaped_copy(const char *text)
{
	size_t size = strlen(text) * ESCAPE_MAX + 1;

	return escape_text(text, memory_or_abort(malloc(size), task), size);
}

void
errors_print(const struct errors *errors, FILE *out)
{
	if (errors->count > 1)
		qsort(errors->list, errors->count, sizeof(*errors->list), compare);
	for (unsigned int i = 0; i < errors->count; i++) {
		const struct error *error = &errors->list[i];
		char *file = escaped_copy(error->file == NULL ? "sallyport" : error->file);
		char *message = escaped_copy(error->message);

		if (error->file == NULL || error->line == 0)
			fprintf(out, "%s: %s\n", file, message);
		else
			fprintf(out, "%s:%u: %s\n", file, error->line, message);
		free(file);
		free(message);
	}
}
