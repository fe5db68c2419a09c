// SPDX-License-Identifier: BSD-3-Clause
//
// Text of others in messages: nothing of it ends a line or moves a cursor, and what a person wrote
// can still be read.
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
what_is_shown(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"", ""},
		{"a ~\"\\", "a ~\"\\"},
		{"a\nb\r\tc", "a\\nb\\r\\tc"},
		{"\x1b[31m\x7f\x01", "\\x1b[31m\\x7f\\x01"},
		// Two, three and four bytes of UTF-8.
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7"},
		// A control of C1, a line separator, an override of the direction.
		{"\xc2\x9b", "\\xc2\\x9b"},
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"},
		// No UTF-8: alone, cut short, longer than need be, a surrogate, too large.
		{"\x80\xff", "\\x80\\xff"},
		{"\xe2\x82", "\\xe2\\x82"},
		{"\xc0\x8a", "\\xc0\\x8a"},
		{"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	};
	char escaped[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(escape_text(cases[i].text, escaped, sizeof(escaped)),
				    cases[i].escaped);
}

// Whatever the bytes are, the result has only bytes that are printable or part of a character.
static void
no_byte_is_obeyed(void **state)
{
	char text[] = "xx", escaped[3 * ESCAPE_MAX];

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		text[0] = (char)byte;
		escape_text(text, escaped, sizeof(escaped));
		for (const char *at = escaped; *at != '\0'; at++)
			assert_in_range(*at, ' ', '~');
		assert_int_equal(escaped[strlen(escaped) - 1], 'x');
	}
}

static void
what_does_not_fit_is_cut_between_characters(void **state)
{
	char escaped[5];

	(void)state;
	assert_string_equal(escape_text("abcdef", escaped, sizeof(escaped)), "abcd");
	assert_string_equal(escape_text("abc\n", escaped, sizeof(escaped)), "abc");
	assert_string_equal(escape_text("abc\xc3\xa9", escaped, sizeof(escaped)), "abc");
	assert_string_equal(escape_text("x", escaped, 1), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown),
		cmocka_unit_test(no_byte_is_obeyed),
		cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
