// SPDX-License-Identifier: BSD-3-Clause
//
// Foreign text in a message: a name from a file, a path, a line of a configuration. It may contain
// line breaks, which would turn one message into two, and terminal control sequences.
#pragma once

#include <stddef.h>

// The most bytes that one byte of the text can become.
#define ESCAPE_MAX 4

// Writes text so that it is safe to print: printable ASCII and UTF-8 stay, a line break becomes \n,
// a tab \t, a carriage return \r, and every other unprintable byte \xHH. Backslashes stay, so that
// paths are unchanged.
// => Text that does not fit is truncated between two characters; size is at least 1. Returns
//    escaped, which is terminated by a zero byte.
char *escape_text(const char *text, char *escaped, size_t size);
