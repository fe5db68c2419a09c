// SPDX-License-Identifier: BSD-3-Clause
#include "settings/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/contract.h"
#include "base/memory.h"

static const char task[] = "reading the configuration";

void *
cfg_grow(void *list, size_t n, size_t *capacity, size_t size)
{
	CONTRACT(n <= *capacity && (list != NULL || n == 0));
	if (n < *capacity)
		return list;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	return memory_or_abort(reallocarray(list, *capacity, size), task);
}

char *
cfg_strdup(const char *text)
{
	return memory_or_abort(strdup(text), task);
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
	return memory_or_abort(text, task);
}
