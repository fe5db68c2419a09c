// SPDX-License-Identifier: BSD-3-Clause
//
// The limit of open files of this process. EAL ends the process when it cannot open one.
#pragma once

#include <stddef.h>

#include "base/errors.h"

// Raises the limit of this process, if necessary, so that it can open at least n files.
// => Returns 0, or -1 with an error added if the hard limit is lower.
int files_allow(size_t n, struct errors *errors);
