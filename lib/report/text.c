// SPDX-License-Identifier: BSD-3-Clause
#include "report/text.h"

#include "report/report.h"

#define N_GROUPS 8

void
text_word(struct text *text, const char *word)
{
	size_t len = strnlen(word, REPORT_WORD_MAX);

	memcpy(text->end, word, len);
	text->end += len;
}

void
text_number(struct text *text, uint64_t value)
{
	char digits[20]; // of UINT64_MAX
	char *first = digits + sizeof(digits);
	size_t len;

	do {
		*--first = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	len = (size_t)(digits + sizeof(digits) - first);
	memcpy(text->end, first, len);
	text->end += len;
}

void
text_hex(struct text *text, uint64_t value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*text->end++ = "0123456789abcdef"[value >> shift & 15];
}

// The longest run of zero groups, the first of several, is omitted: it begins at *begin; its length
// is returned. A single zero group is printed.
static unsigned int
find_zeros(const uint16_t groups[N_GROUPS], unsigned int *begin)
{
	unsigned int longest = 0;

	for (unsigned int i = 0; i < N_GROUPS; i++) {
		unsigned int len = 0;

		while (i + len < N_GROUPS && groups[i + len] == 0)
			len++;
		if (len > longest) {
			longest = len;
			*begin = i;
		}
		i += len;
	}
	return longest > 1 ? longest : 0;
}

static void
add_ipv6(struct text *text, const union address *address)
{
	uint16_t groups[N_GROUPS];
	unsigned int begin = 0;
	unsigned int n_zeros;

	for (size_t i = 0; i < N_GROUPS; i++)
		groups[i] = (uint16_t)(address->v6[2 * i] << 8 | address->v6[2 * i + 1]);
	n_zeros = find_zeros(groups, &begin);
	for (unsigned int i = 0; i < N_GROUPS; i++) {
		if (n_zeros > 0 && i == begin) {
			text_string(text, "::");
			i += n_zeros - 1;
			continue;
		}
		if (i > 0 && !(n_zeros > 0 && i == begin + n_zeros))
			*text->end++ = ':';
		text_hex(text, groups[i]);
	}
}

void
text_address(struct text *text, enum family family, const union address *address)
{
	if (family == FAMILY_IPV4) {
		for (unsigned int i = 0; i < 4; i++) {
			if (i > 0)
				*text->end++ = '.';
			text_number(text, address->v6[i]);
		}
	} else if (address->word[0] == 0) {
		// Some of these contain an IPv4 address.
		address_format(family, address, text->end);
		text->end += strlen(text->end);
	} else {
		add_ipv6(text, address);
	}
}
