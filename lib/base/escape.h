// SPDX-License-Identifier: BSD-3-Clause
//
// Text of somebody else's in a message: a name from a file, a path, a line of a configuration. It
// may hold line breaks, which would make two messages of one, and sequences that a terminal obeys.
#pragma once

#include <stddef.h>

// How many bytes one byte of the text can become.
#define ESCAPE_MAX 4

// Writes text so that it is shown as it is and does nothing: printable ASCII and UTF-8 stay, a line
// break becomes \n, a tab \t, a carriage return \r, and every other byte of what is not printable
// \xHH. Backslashes stay, so that paths stay what they are.
// => What does not fit is cut off between two characters; size is at least 1. Returns escaped,
//    which ends with a zero byte.
char *escape_text(const char *text, char *escaped, size_t size);
