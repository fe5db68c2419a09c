// SPDX-License-Identifier: BSD-3-Clause
#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

static void
a_text_is_a_number_or_not(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
	} good[] = {
		{"0", 0},
		{"007", 7},
		{"00000000000000000007", 7},
		{"4294967296", UINT64_C(4294967296)},
		{"18446744073709551615", UINT64_MAX},
		{"0xFf", 255},
		{"0X0a", 10},
		{"0xffffffffffffffff", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		" 1",
		"1 ",
		"+1",
		"-1",
		"x",
		"0x",
		"0xg",
		"0x-1",
		"a",
		"1.0",
		"1e3",
		"0x 1",
		"0x0x1",
		"000000000000000000007",
		"18446744073709551616",
		"0x10000000000000000",
	};
	uint64_t number = 42;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(number_parse(bad[i], UINT64_MAX, &number));
	assert_int_equal(number, 42);
	for (size_t i = 0; i < RTE_DIM(good); i++) {
		assert_true(number_parse(good[i].text, UINT64_MAX, &number));
		assert_true(number == good[i].number);
	}
}

static void
none_is_above_its_maximum(void **state)
{
	uint64_t number = 42;

	(void)state;
	assert_false(number_parse("256", 255, &number));
	assert_false(number_parse("0x100", 255, &number));
	assert_null(number_parse_leading("256-", 255, &number));
	assert_int_equal(number, 42);
	assert_true(number_parse("255", 255, &number));
	assert_true(number_parse("0", 0, &number));
	assert_int_equal(number, 0);
}

static void
what_follows_is_left(void **state)
{
	uint64_t number;

	(void)state;
	assert_string_equal(number_parse_leading("10-20", 100, &number), "-20");
	assert_int_equal(number, 10);
	assert_string_equal(number_parse_leading("0x1g", 100, &number), "g");
	assert_int_equal(number, 1);
	assert_null(number_parse_leading("-20", 100, &number));
	assert_null(number_parse_leading("0x", 100, &number));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_a_number_or_not),
		cmocka_unit_test(none_is_above_its_maximum),
		cmocka_unit_test(what_follows_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
