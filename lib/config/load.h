// SPDX-License-Identifier: BSD-3-Clause
//
// Reads a configuration file, with all included files, into plain data.
#pragma once

#include "base/errors.h"
#include "settings/config.h"

// Reads a configuration file.
// => Returns 0, or -1 with every mistake found added to errors, with file and line; config is then
//    empty and needs no config_fini.
// => Any thread, before EAL or after. Opens the file and those it includes, nothing else.
int config_load(struct config *config, const char *file, struct errors *errors);
