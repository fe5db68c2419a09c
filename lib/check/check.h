// SPDX-License-Identifier: BSD-3-Clause
//
// Whether the firewall would run with a configuration: its rules are compiled, and what it takes is
// added up, as run and replay do.
#pragma once

#include <stdio.h>

#include "base/errors.h"
#include "settings/config.h"

enum check_result {
	CHECK_GOOD,
	CHECK_BAD,       // the configuration is
	CHECK_NO_ANSWER, // EAL, which compiles rules, cannot start here
};

// Writes to out what the configuration takes, if it is good.
// => Otherwise errors were added. Warnings may be either way. Initialises EAL and cleans it up, so
//    once in a process; main thread.
enum check_result check_config(const struct config *config, FILE *out, struct errors *errors);
