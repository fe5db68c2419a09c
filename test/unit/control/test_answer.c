// SPDX-License-Identifier: BSD-3-Clause
//
// What an answer takes is compared with its JSON, written here by hand: the count must never be
// too small, and too large by a comma per object at most.
#include "control/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct rte_tel_data *data;
	struct answer_space space;
	struct answer answer;
};

static int
begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->data = rte_tel_data_alloc();
	fixture->answer = answer_begin(fixture->data, &fixture->space);
	*state = fixture;
	return 0;
}

static int
end(void **state)
{
	struct fixture *fixture = *state;

	rte_tel_data_free(fixture->data);
	free(fixture);
	return 0;
}

static void
assert_bytes(const struct fixture *fixture, const char *json, unsigned int n_objects)
{
	assert_in_range(fixture->space.n_bytes, strlen(json), strlen(json) + n_objects);
}

static void
test_an_empty_answer(void **state)
{
	assert_bytes(*state, "{}", 1);
}

static void
test_numbers_take_their_digits(void **state)
{
	struct fixture *fixture = *state;

	answer_number(&fixture->answer, "a", 0);
	answer_number(&fixture->answer, "bc", 9);
	answer_number(&fixture->answer, "d", 10);
	answer_number(&fixture->answer, "e", INT64_MAX);
	assert_bytes(fixture, "{\"a\":0,\"bc\":9,\"d\":10,\"e\":9223372036854775807}", 1);
}

static void
test_larger_numbers_become_the_largest_signed_one(void **state)
{
	struct fixture *fixture = *state;

	answer_number(&fixture->answer, "a", UINT64_MAX);
	assert_bytes(fixture, "{\"a\":9223372036854775807}", 1);
}

static void
test_signed_numbers(void **state)
{
	struct fixture *fixture = *state;

	answer_signed(&fixture->answer, "a", INT32_MIN);
	answer_signed(&fixture->answer, "b", -1);
	answer_signed(&fixture->answer, "c", INT32_MAX);
	assert_bytes(fixture, "{\"a\":-2147483648,\"b\":-1,\"c\":2147483647}", 1);
}

static void
test_texts_take_their_escapes(void **state)
{
	struct fixture *fixture = *state;

	answer_string(&fixture->answer, "a", "");
	answer_string(&fixture->answer, "b", "say \"hi\\\"");
	assert_bytes(fixture, "{\"a\":\"\",\"b\":\"say \\\"hi\\\\\\\"\"}", 1);
}

// The library would read outside of a table for a byte of more than 127.
static void
test_any_byte_may_come(void **state)
{
	struct fixture *fixture = *state;
	char text[256];

	for (unsigned int i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(255 - i);
	text[sizeof(text) - 1] = '\0';
	answer_string(&fixture->answer, "a", text);
	assert_in_range(fixture->space.n_bytes, 127 + strlen("{\"a\":\"\"}"), 2 * 127 + 10);
}

static void
test_long_texts_are_cut(void **state)
{
	struct fixture *fixture = *state;
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	answer_string(&fixture->answer, "a", text);
	assert_in_range(fixture->space.n_bytes, 127 + strlen("{\"a\":\"\"}"), 127 + 9);
}

static void
test_objects_count_with_the_answer(void **state)
{
	struct fixture *fixture = *state;
	struct answer object = answer_object(&fixture->answer, "o");
	struct answer row = answer_row(&object, 17);

	answer_number(&row, "x", 1);
	answer_number(&object, "y", 2);
	assert_bytes(fixture, "{\"o\":{\"17\":{\"x\":1},\"y\":2}}", 3);
	assert_false(fixture->space.is_short_of_memory);
	rte_tel_data_free(row.data);
	rte_tel_data_free(object.data);
}

static void
test_room_ends_with_the_bytes(void **state)
{
	struct fixture *fixture = *state;

	assert_true(answer_has_room(&fixture->answer, 1000));
	assert_true(answer_has_room(&fixture->answer, ANSWER_BYTES_MAX - ANSWER_BYTES_REST - 2));
	assert_false(answer_has_room(&fixture->answer, ANSWER_BYTES_MAX - ANSWER_BYTES_REST - 1));
	answer_number(&fixture->answer, "a", 1);
	assert_false(answer_has_room(&fixture->answer, ANSWER_BYTES_MAX - ANSWER_BYTES_REST - 2));
}

// The library keeps 256 members.
static void
test_room_ends_with_the_members(void **state)
{
	struct fixture *fixture = *state;
	struct answer rows = answer_object(&fixture->answer, "rows");
	struct rte_tel_data *data[300] = {0};
	unsigned int n = 0;

	while (n < 300 && answer_has_room(&rows, 10)) {
		data[n] = answer_row(&rows, n).data;
		n++;
	}
	assert_int_equal(n, RTE_TEL_MAX_DICT_ENTRIES);
	assert_false(fixture->space.is_short_of_memory);
	while (n > 0)
		rte_tel_data_free(data[--n]);
	rte_tel_data_free(rows.data);
}

// More than the library takes is told, so that half an answer is not taken for a whole one.
static void
test_an_object_too_many_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct answer object;

	for (unsigned int i = 0; i < RTE_TEL_MAX_DICT_ENTRIES; i++)
		answer_number(&fixture->answer, "a", i);
	object = answer_object(&fixture->answer, "o");
	assert_null(object.data);
	assert_true(fixture->space.is_short_of_memory);
	answer_number(&object, "x", 1); // is lost, and nothing else happens
	answer_string(&object, "y", "z");
	assert_null(answer_row(&object, 1).data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_empty_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_numbers_take_their_digits, begin, end),
		cmocka_unit_test_setup_teardown(test_larger_numbers_become_the_largest_signed_one,
						begin, end),
		cmocka_unit_test_setup_teardown(test_signed_numbers, begin, end),
		cmocka_unit_test_setup_teardown(test_texts_take_their_escapes, begin, end),
		cmocka_unit_test_setup_teardown(test_any_byte_may_come, begin, end),
		cmocka_unit_test_setup_teardown(test_long_texts_are_cut, begin, end),
		cmocka_unit_test_setup_teardown(test_objects_count_with_the_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_room_ends_with_the_bytes, begin, end),
		cmocka_unit_test_setup_teardown(test_room_ends_with_the_members, begin, end),
		cmocka_unit_test_setup_teardown(test_an_object_too_many_is_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
