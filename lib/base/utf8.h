// SPDX-License-Identifier: BSD-3-Clause
//
// Text in UTF-8 by RFC 3629, which may be no such text.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The bytes of the character that text begins with, in its shortest form; 0: it is none.
// => text ends with a 0, which is a character of one byte.
size_t utf8_read(const char *text, uint32_t *character);
