// SPDX-License-Identifier: BSD-3-Clause
//
// Answers are compared with their JSON, written here by hand.
#include "control/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct answer_space space;

static void
assert_json(const char *json)
{
	assert_int_equal(space.len, strlen(json));
	assert_memory_equal(space.bytes, json, strlen(json));
}

static void
test_nothing(void **state)
{
	(void)state;
	(void)answer_begin(&space, "/a", ANSWER_OBJECT);
	answer_end(&space);
	assert_json("{\"/a\":{}}");
	(void)answer_begin(&space, "/a", ANSWER_LIST);
	answer_end(&space);
	assert_json("{\"/a\":[]}");
	answer_none(&space, "/a");
	assert_json("{\"/a\":null}");
	(void)answer_bare(&space);
	answer_end(&space);
	assert_json("{}");
}

static void
test_numbers(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);

	(void)state;
	answer_number(&answer, "a", 0);
	answer_number(&answer, "b", 12345);
	answer_number(&answer, "c", INT64_MAX);
	answer_number(&answer, "d", (uint64_t)INT64_MAX + 1);
	answer_signed(&answer, "e", -1);
	answer_signed(&answer, "f", INT32_MIN);
	answer_end(&space);
	assert_json("{\"/a\":{\"a\":0,\"b\":12345,\"c\":9223372036854775807,"
		    "\"d\":9223372036854775807,\"e\":-1,\"f\":-2147483648}}");
}

static void
test_texts(void **state)
{
	struct answer answer = answer_begin(&space, "/\"\x1b,", ANSWER_OBJECT);

	(void)state;
	answer_string(&answer, "", "");
	answer_string(&answer, "a\n", "a \"word\" and a \\");
	answer_string(&answer, "b", "\t\x7f\xff%s\x1b[2J");
	answer_end(&space);
	assert_json("{\"/\\\"?,\":{\"\":\"\",\"a?\":\"a \\\"word\\\" and a \\\\\","
		    "\"b\":\"???%s?[2J\"}}");
}

// A text of quotation marks.
static void
assert_cut(size_t len, size_t n_kept, const char *end)
{
	static const char begin[] = "{\"/a\":{\"a\":\"";
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	char text[200], json[400];
	size_t n = sizeof(begin) - 1;

	memset(text, '"', sizeof(text));
	text[len] = '\0';
	answer_string(&answer, "a", text);
	answer_end(&space);
	memcpy(json, begin, n);
	for (size_t i = 0; i < n_kept; i++) {
		json[n++] = '\\';
		json[n++] = '"';
	}
	memcpy(json + n, end, strlen(end) + 1);
	assert_json(json);
}

static void
test_long_texts_are_cut(void **state)
{
	(void)state;
	assert_cut(126, 126, "\"}}");
	assert_cut(127, 127, "\"}}");
	assert_cut(128, 124, "...\"}}");
	assert_cut(199, 124, "...\"}}");
}

static void
test_what_is_inside_ends_by_itself(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	struct answer object, list, row;

	(void)state;
	object = answer_object(&answer, "object");
	answer_number(&object, "a", 1);
	row = answer_row(&object, 18446744073709551615U);
	answer_number(&row, "b", 2);
	answer_number(&object, "c", 3);
	list = answer_list(&answer, "list");
	answer_number(&list, NULL, 4);
	answer_string(&list, NULL, "5");
	answer_number(&answer, "d", 6);
	(void)answer_object(&answer, "e");
	answer_end(&space);
	assert_false(space.is_short);
	assert_json("{\"/a\":{\"object\":{\"a\":1,\"18446744073709551615\":{\"b\":2},\"c\":3},"
		    "\"list\":[4,\"5\"],\"d\":6,\"e\":{}}}");
}

// Fills a list with rows for which there is room, and looks whether what follows still fits.
static void
test_room(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	struct answer rows = answer_object(&answer, "rows");
	char text[ANSWER_BYTES_REST / 4];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	while (answer_has_room(&rows, 100)) {
		struct answer row = answer_row(&rows, 1000);

		answer_string(&row, "a", "0123456789012345678901234567890123456789012345678901");
	}
	assert_in_range(space.len, ANSWER_BYTES_MAX - ANSWER_BYTES_REST - 100,
			ANSWER_BYTES_MAX - ANSWER_BYTES_REST);
	for (unsigned int i = 0; i < 3; i++)
		answer_string(&answer, "b", text);
	answer_end(&space);
	assert_false(space.is_short);
	assert_memory_equal(space.bytes + space.len - 4, "x\"}}", 4);
}

// However an answer is filled: it stays within its space, is marked as short, and is complete JSON.
static void
test_too_much(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	char text[128];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[127] = '\0';
	for (unsigned int i = 0; i < 200; i++) {
		struct answer object = answer_object(&answer, text);
		struct answer list = answer_list(&object, text);

		for (unsigned int n = 0; n < i; n++)
			answer_number(&list, NULL, n);
	}
	answer_end(&space);
	assert_true(space.is_short);
	assert_in_range(space.len, ANSWER_BYTES_MAX - 300, ANSWER_BYTES_MAX);
	assert_memory_equal(space.bytes + space.len - 2, "}}", 2);
}

// What answer_string makes a question mark of is kept.
static void
test_utf8(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	char longest[129] = "", expected[200];

	(void)state;
	memset(longest, 'x', 126);
	answer_text(&answer, "a", "d\xc3\xa9j\xc3\xa0 \xf0\x9f\x90\xa7");
	answer_text(&answer, "b", "\"\\\n\x7f\x1b");
	answer_text(&answer, "c", "\xff\xc3(\xed\xa0\x80");
	answer_text(&answer, "d", "");
	answer_end(&space);
	assert_json("{\"/a\":{\"a\":\"d\xc3\xa9j\xc3\xa0 \xf0\x9f\x90\xa7\","
		    "\"b\":\"\\\"\\\\\\u000a\\u007f\\u001b\","
		    "\"c\":\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\",\"d\":\"\"}}");

	// A character of two bytes that has no room is cut as a whole.
	for (int i = 0; i < 2; i++) {
		snprintf(longest + 126, 3, "%s", i == 0 ? "y" : "\xc3\xa9");
		answer = answer_begin(&space, "/a", ANSWER_OBJECT);
		answer_text(&answer, "a", longest);
		answer_end(&space);
		sprintf(expected, "{\"/a\":{\"a\":\"%.126s%s\"}}", longest, i == 0 ? "y" : "...");
		assert_json(expected);
	}
}

static void
test_seconds(void **state)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);

	(void)state;
	answer_seconds(&answer, "a", 0);
	answer_seconds(&answer, "b", 1);
	answer_seconds(&answer, "c", UINT64_C(12345678901234));
	answer_end(&space);
	assert_json("{\"/a\":{\"a\":0.000000000,\"b\":0.000000001,\"c\":12345.678901234}}");
}

static const char *
value_name(unsigned int element)
{
	static const char *const names[] = {"none", "one", "two"};

	return names[element];
}

// Rows without a key are for others.
static void
test_metrics(void **state)
{
	struct values {
		uint64_t a, hidden, b[3];
		uint32_t c;
		uint64_t joined;
	};
	static const struct metric rows[] = {
		{.key = "a", METRIC_AT(struct values, a)},
		{METRIC_AT(struct values, hidden)},
		{.key = "b",
		 .label = "which",
		 .value_name = value_name,
		 .first = 1,
		 METRIC_ALL(struct values, b)},
		{.key = "joined", .joins = true, METRIC_AT(struct values, joined)},
		{.key = "c", METRIC_AT(struct values, c)},
	};
	static const struct metric_table table = METRIC_TABLE(rows);
	const struct values values = {1, 2, {3, 4, 5}, 6, 7};
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);

	(void)state;
	answer_metrics(&answer, &table, &values);
	answer_end(&space);
	assert_json("{\"/a\":{\"a\":1,\"b\":{\"one\":4,\"two\":5,\"joined\":7},\"c\":6}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_what_is_inside_ends_by_itself),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
