// SPDX-License-Identifier: BSD-3-Clause
//
// Checks whether the firewall would run with a configuration: compiles its rules and adds up its
// memory, as run and replay do.
#pragma once

#include <stdio.h>

#include "base/errors.h"
#include "settings/config.h"

enum check_result {
	CHECK_GOOD,
	CHECK_BAD,       // the configuration is bad
	CHECK_NO_ANSWER, // EAL, which compiles rules, cannot start here
};

// Writes to out how much memory the configuration needs, if it is good.
// => Otherwise adds errors. May add warnings in both cases. Initialises EAL and cleans it up, so
//    once per process; main thread.
enum check_result check_config(const struct config *config, FILE *out, struct errors *errors);
