// SPDX-License-Identifier: BSD-3-Clause
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

void *
memory_or_abort(void *memory, const char *task)
{
	if (memory == NULL) {
		fprintf(stderr, "sallyport: out of memory while %s\n", task);
		abort();
	}
	return memory;
}
