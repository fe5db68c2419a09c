// SPDX-License-Identifier: BSD-3-Clause
#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
number_parse_leading(const char *text, uint64_t max, uint64_t *number)
{
	const bool is_hex = strncasecmp(text, "0x", 2) == 0;
	const char *digits = is_hex ? text + 2 : text;
	const size_t len = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
	uint64_t value;

	if (len == 0 || len > NUMBER_DIGITS_MAX)
		return NULL;
	errno = 0;
	value = strtoull(digits, NULL, is_hex ? 16 : 10);
	if (errno != 0 || value > max)
		return NULL;
	*number = value;
	return digits + len;
}

bool
number_parse(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value;
	const char *rest = number_parse_leading(text, max, &value);

	if (rest == NULL || *rest != '\0')
		return false;
	*number = value;
	return true;
}
