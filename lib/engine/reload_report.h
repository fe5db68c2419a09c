// SPDX-License-Identifier: BSD-3-Clause
//
// The result of the last reload, for later queries.
//
// Main thread only; others may read it while the configuration does not change.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"

#define RELOAD_ERRORS_MAX 8 // kept
#define RELOAD_ERROR_SIZE 128

struct reload_report {
	uint32_t n_ended; // reloads that have ended
	bool is_loading;  // a reload is in progress
	bool is_good;     // of the last that ended
	uint64_t ended_ns;
	unsigned int n_errors;                             // why it was refused
	char errors[RELOAD_ERRORS_MAX][RELOAD_ERROR_SIZE]; // the first of them, FILE:LINE: message
};

void reload_report_begin(struct reload_report *report);

// Records the end of a reload, successful unless there are errors.
void reload_report_end(struct reload_report *report, const struct errors *errors, uint64_t now_ns);
