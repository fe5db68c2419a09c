// SPDX-License-Identifier: BSD-3-Clause
#include "control/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_no_text_is_the_beginning(void **state)
{
	uint64_t cursor = 7;

	(void)state;
	assert_true(cursor_parse(NULL, &cursor));
	assert_int_equal(cursor, 0);
}

static void
test_digits_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t cursor;
	} good[] = {
		{"0", 0},
		{"00", 0},
		{"7", 7},
		{"4294967296", UINT64_C(1) << 32},
		{"18446744073709551615", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t cursor;

		assert_true(cursor_parse(good[i].text, &cursor));
		assert_int_equal(cursor, good[i].cursor);
	}
}

static void
test_anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"-1",
		"+1",
		"1 ",
		" 1",
		"1,2",
		"0x10",
		"1e3",
		"abc",
		"1\n",
		"\xff",
		"18446744073709551616",
		"99999999999999999999",
		"\xb2",
		"1.0",
		"%s%n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t cursor;

		assert_false(cursor_parse(bad[i], &cursor));
	}
}

static void
test_a_slot_comes_back(void **state)
{
	static const struct slot_cursor slots[] = {
		{0, 0}, {0, 1}, {0, UINT32_MAX}, {1, 0}, {63, 268435455}, {UINT32_MAX, UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct slot_cursor back = cursor_to_slot(cursor_from_slot(slots[i]));

		assert_int_equal(back.worker, slots[i].worker);
		assert_int_equal(back.slot, slots[i].slot);
	}
}

// A reader may take a cursor that does not grow for a listing that does not end.
static void
test_cursors_grow_in_listing_order(void **state)
{
	(void)state;
	assert_true(cursor_from_slot((struct slot_cursor){0, UINT32_MAX}) <
		    cursor_from_slot((struct slot_cursor){1, 0}));
	assert_int_equal(cursor_from_slot((struct slot_cursor){0, 0}), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_text_is_the_beginning),
		cmocka_unit_test(test_digits_are_read),
		cmocka_unit_test(test_anything_else_is_refused),
		cmocka_unit_test(test_a_slot_comes_back),
		cmocka_unit_test(test_cursors_grow_in_listing_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
