// SPDX-License-Identifier: BSD-3-Clause
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/contract.h"
#include "base/utf8.h"

// Characters beyond ASCII that move the cursor or reverse the direction of the following text, so
// that one line could look like another (Unicode Standard Annex 9; categories Cc, Zl and Zp).
static const struct {
	uint32_t first, last;
} invisible[] = {
	{0x80, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200f},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
};

static bool
is_visible(uint32_t character)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
		if (character >= invisible[i].first && character <= invisible[i].last)
			return false;
	}
	return true;
}

// The bytes of the visible character that text begins with; 0 for anything else.
static size_t
visible_len(const char *text)
{
	uint32_t character;
	size_t len = utf8_read(text, &character);

	if (len == 1)
		return character >= ' ' && character <= '~';
	return len > 0 && is_visible(character) ? len : 0;
}

static size_t
escape_byte(unsigned char byte, char out[ESCAPE_MAX + 1])
{
	static const char letters[] = "\nn\tt\rr";

	for (const char *letter = letters; *letter != '\0'; letter += 2) {
		if (*letter == (char)byte)
			return (size_t)snprintf(out, ESCAPE_MAX + 1, "\\%c", letter[1]);
	}
	return (size_t)snprintf(out, ESCAPE_MAX + 1, "\\x%02x", byte);
}

char *
escape_text(const char *text, char *escaped, size_t size)
{
	size_t len = 0;

	CONTRACT(size > 0);
	while (*text != '\0') {
		size_t n_read = visible_len(text);
		char byte[ESCAPE_MAX + 1];
		const char *from = n_read > 0 ? text : byte;
		size_t n = n_read > 0 ? n_read : escape_byte((unsigned char)*text, byte);

		if (len + n >= size)
			break;
		memcpy(escaped + len, from, n);
		len += n;
		text += n_read > 0 ? n_read : 1;
	}
	escaped[len] = '\0';
	return escaped;
}
