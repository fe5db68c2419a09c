// SPDX-License-Identifier: BSD-3-Clause
//
// What a user sees of his mistakes: all of them, in order of file, line and arrival.
#include "base/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// What errors_print writes. The caller frees it.
static char *
printed(const struct errors *errors)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	errors_print(errors, out);
	fclose(out);
	return text;
}

static void
assert_printed(const struct errors *errors, const char *expected)
{
	char *text = printed(errors);

	assert_string_equal(text, expected);
	free(text);
}

static void
no_errors_print_nothing(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	assert_int_equal(errors.count, 0);
	assert_printed(&errors, "");
	errors_fini(&errors);
}

static void
a_line_names_file_and_line(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	errors_add(&errors, "fw.conf", 12, "unknown key \"%s\"", "prot");
	assert_int_equal(errors.count, 1);
	assert_printed(&errors, "fw.conf:12: unknown key \"prot\"\n");
	errors_fini(&errors);
}

static void
without_line_or_file_the_place_is_shorter(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	errors_add(&errors, "fw.conf", 0, "cannot be read");
	errors_add(&errors, NULL, 0, "no memory");
	assert_printed(&errors, "sallyport: no memory\n"
				"fw.conf: cannot be read\n");
	errors_fini(&errors);
}

static void
text_of_others_makes_no_line(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	errors_add(&errors, "a\nb", 3, "no port is named \"%s\"", "x\na:1: forged\x1b[2J");
	assert_printed(&errors, "a\\nb:3: no port is named \"x\\na:1: forged\\x1b[2J\"\n");
	errors_fini(&errors);
}

static void
lines_come_in_order_of_file_and_line(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	errors_add(&errors, "b.conf", 2, "b2");
	errors_add(&errors, "a.conf", 10, "a10");
	errors_add(&errors, "b.conf", 1, "b1");
	errors_add(&errors, "a.conf", 9, "a9");
	errors_add(&errors, "a.conf", 0, "a");
	assert_printed(&errors, "a.conf: a\n"
				"a.conf:9: a9\n"
				"a.conf:10: a10\n"
				"b.conf:1: b1\n"
				"b.conf:2: b2\n");
	errors_fini(&errors);
}

static void
errors_of_one_line_stay_in_order_of_arrival(void **state)
{
	struct errors errors;
	char expected[4096] = "";

	(void)state;
	errors_init(&errors);
	// More than any first allocation, and enough for qsort to shuffle what it thinks is equal.
	for (int i = 0; i < 100; i++) {
		errors_add(&errors, "fw.conf", 7, "number %d", i);
		sprintf(expected + strlen(expected), "fw.conf:7: number %d\n", i);
	}
	assert_int_equal(errors.count, 100);
	assert_printed(&errors, expected);
	assert_printed(&errors, expected); // printing again changes nothing
	errors_fini(&errors);
}

static void
texts_are_copied(void **state)
{
	struct errors errors;
	char file[] = "fw.conf";
	char word[] = "wrd";

	(void)state;
	errors_init(&errors);
	errors_add(&errors, file, 1, "%s", word);
	memset(file, 'x', sizeof(file) - 1);
	memset(word, 'x', sizeof(word) - 1);
	assert_printed(&errors, "fw.conf:1: wrd\n");
	errors_fini(&errors);
}

static void
a_list_can_be_used_again_after_fini(void **state)
{
	struct errors errors;

	(void)state;
	errors_init(&errors);
	errors_add(&errors, "fw.conf", 1, "first");
	errors_fini(&errors);
	assert_int_equal(errors.count, 0);
	errors_add(&errors, "fw.conf", 2, "second");
	assert_printed(&errors, "fw.conf:2: second\n");
	errors_fini(&errors);
}

static void
a_message_has_any_length(void **state)
{
	struct errors errors;
	char message[5000];
	char *text;

	(void)state;
	memset(message, 'm', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	errors_init(&errors);
	errors_add(&errors, "f", 1, "%s", message);
	text = printed(&errors);
	assert_int_equal(strlen(text), strlen("f:1: \n") + sizeof(message) - 1);
	free(text);
	errors_fini(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_errors_print_nothing),
		cmocka_unit_test(a_line_names_file_and_line),
		cmocka_unit_test(without_line_or_file_the_place_is_shorter),
		cmocka_unit_test(text_of_others_makes_no_line),
		cmocka_unit_test(lines_come_in_order_of_file_and_line),
		cmocka_unit_test(errors_of_one_line_stay_in_order_of_arrival),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(a_list_can_be_used_again_after_fini),
		cmocka_unit_test(a_message_has_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
