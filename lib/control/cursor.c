// SPDX-License-Identifier: BSD-3-Clause
#include "control/cursor.h"

#include <string.h>

#include "base/number.h"

bool
cursor_parse(const char *text, uint64_t *cursor)
{
	*cursor = 0;
	return text == NULL ||
	       (text[strspn(text, "0123456789")] == '\0' && number_parse(text, UINT64_MAX, cursor));
}
