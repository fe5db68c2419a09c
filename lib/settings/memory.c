// SPDX-License-Identifier: BSD-3-Clause
#include "settings/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/contract.h"

static void *
or_abort(void *memory)
{
	if (memory == NULL) {
		fputs("sallyport: out of memory while reading the configuration\n", stderr);
		abort();
	}
	return memory;
}

void *
cfg_grow(void *list, size_t n, size_t *capacity, size_t size)
{
	CONTRACT(n <= *capacity && (list != NULL || n == 0));
	if (n < *capacity)
		return list;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	return or_abort(reallocarray(list, *capacity, size));
}

char *
cfg_strdup(const char *text)
{
	return or_abort(strdup(text));
}

char *
cfg_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return or_abort(text);
}
