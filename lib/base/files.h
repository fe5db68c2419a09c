// SPDX-License-Identifier: BSD-3-Clause
//
// How many files this process may have open at a time. EAL ends the process when it gets none.
#pragma once

#include <stddef.h>

#include "base/errors.h"

// The process may open at least n files; its own limit is raised as far as that takes.
// => Returns 0, or -1 with an error added when the system's limit for it is lower.
int files_allow(size_t n, struct errors *errors);
