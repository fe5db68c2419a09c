// SPDX-License-Identifier: BSD-3-Clause
#include "control/cursor.h"

#include <stddef.h>

bool
cursor_parse(const char *text, uint64_t *cursor)
{
	*cursor = 0;
	if (text == NULL)
		return true;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned int digit = (unsigned int)((unsigned char)*text - '0');

		if (digit > 9 || *cursor > (UINT64_MAX - digit) / 10)
			return false;
		*cursor = *cursor * 10 + digit;
	}
	return true;
}
