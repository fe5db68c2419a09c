// SPDX-License-Identifier: BSD-3-Clause
//
// UTF-8 (RFC 3629) in text that may be invalid.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Reads the character that text begins with. Returns its length in bytes; 0 if that is not valid
// UTF-8 in its shortest form.
// => text ends with a 0, which is a character of one byte.
size_t utf8_read(const char *text, uint32_t *character);
