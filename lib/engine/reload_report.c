// SPDX-License-Identifier: BSD-3-Clause
#include "engine/reload_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/contract.h"

void
reload_report_begin(struct reload_report *report)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(!report->is_loading);
	report->is_loading = true;
}

// Keeps the errors as they are logged, as many lines as there is room for.
static void
keep(struct reload_report *report, const struct errors *errors)
{
	unsigned int n = 0;
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);

	if (memory == NULL)
		return;
	errors_print(errors, memory);
	fclose(memory);
	for (char *at = text, *line; n < RELOAD_ERRORS_MAX && (line = strsep(&at, "\n")) != NULL;) {
		if (line[0] != '\0')
			snprintf(report->errors[n++], RELOAD_ERROR_SIZE, "%s", line);
	}
	free(text);
}

void
reload_report_end(struct reload_report *report, const struct errors *errors, uint64_t now_ns)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(report->is_loading);
	*report = (struct reload_report){
		.n_ended = report->n_ended + 1,
		.is_good = errors->count == 0,
		.ended_ns = now_ns,
		.n_errors = errors->count,
	};
	keep(report, errors);
}
