// SPDX-License-Identifier: BSD-3-Clause
//
// Whether libconfig can read a text. It tells the line and whether the syntax is wrong or a name
// there twice; which word is meant is found here, so that the error can point at it.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/text.h"

// => Returns true, or false with a message, the line, and a caret below the word added, each at the
//    place of the line.
bool cfg_check_syntax(const struct cfg_text *text, struct errors *errors);
