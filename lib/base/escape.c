// SPDX-License-Identifier: BSD-3-Clause
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/contract.h"

// Characters beyond ASCII that move the cursor or turn the direction of what follows, so that a
// line would look like another (Unicode Standard Annex 9; categories Cc, Zl and Zp).
static const struct {
	uint32_t first, last;
} invisible[] = {
	{0x80, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x206f}, {0xd800, 0xdfff}, {0xfeff, 0xfeff},
};

static bool
is_visible(uint32_t character)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
		if (character >= invisible[i].first && character <= invisible[i].last)
			return false;
	}
	return character <= 0x10ffff;
}

// The bytes of the visible character that text begins with; 0 for anything else. UTF-8 by RFC 3629,
// section 3: the shortest form only.
static size_t
visible_len(const unsigned char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	uint32_t character;

	if (len == 1)
		return text[0] >= ' ' && text[0] <= '~';
	if (text[0] < 0xc0 || text[0] > 0xf7)
		return 0;
	character = text[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text[i] & 0x3f);
	}
	return character >= least[len] && is_visible(character) ? len : 0;
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
		size_t n_read = visible_len((const unsigned char *)text);
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
