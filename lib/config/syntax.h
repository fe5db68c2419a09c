// SPDX-License-Identifier: BSD-3-Clause
//
// Checks whether libconfig can read a text. libconfig reports only the line, and whether the syntax
// is wrong or a name is defined twice; the code here finds the wrong word, so that the error can
// point at it.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "config/text.h"

// => Returns true, or false with three errors added: a message, the line of the file, and a caret
//    below the word.
bool cfg_check_syntax(const struct cfg_text *text, struct errors *errors);
