// SPDX-License-Identifier: BSD-3-Clause
#include "base/utf8.h"

#include <stdbool.h>

// RFC 3629, section 3: no surrogates, nothing above U+10FFFF.
static bool
is_character(uint32_t character)
{
	return character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
}

size_t
utf8_read(const char *text, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t len = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;

	*character = bytes[0];
	if (len == 1)
		return 1;
	if (bytes[0] < 0xc0 || bytes[0] > 0xf7)
		return 0;
	*character = bytes[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (bytes[i] & 0x3f);
	}
	return *character >= least[len] && is_character(*character) ? len : 0;
}
