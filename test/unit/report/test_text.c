// SPDX-License-Identifier: BSD-3-Clause
//
// Pieces of a text, compared with what the C library prints.
#include "report/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>

#include <cmocka.h>

#define TEXT_SIZE 128
#define N_RANDOM  200000

// Ends a text, and checks that nothing was written after it.
static const char *
ended(const struct text *text, char begin[TEXT_SIZE])
{
	assert_in_range(text->end - begin, 0, TEXT_SIZE - 1);
	*text->end = '\0';
	return begin;
}

static void
numbers_are_those_of_printf(void **state)
{
	char buffer[TEXT_SIZE], expected[TEXT_SIZE];

	(void)state;
	for (unsigned int shift = 0; shift < 64; shift++) {
		for (int offset = -1; offset <= 1; offset++) {
			uint64_t value = (UINT64_C(1) << shift) + (uint64_t)(int64_t)offset;
			struct text text = {buffer};

			text_number(&text, value);
			snprintf(expected, sizeof(expected), "%" PRIu64, value);
			assert_string_equal(ended(&text, buffer), expected);
			text.end = buffer;
			text_hex(&text, value);
			snprintf(expected, sizeof(expected), "%" PRIx64, value);
			assert_string_equal(ended(&text, buffer), expected);
		}
	}
}

#define assert_address(family, address) check_address(family, address, __LINE__)

static void
check_address(enum family family, const union address *address, int line)
{
	char buffer[TEXT_SIZE], expected[INET6_ADDRSTRLEN];
	struct text text = {buffer};

	text_address(&text, family, address);
	assert_non_null(inet_ntop(family == FAMILY_IPV4 ? AF_INET : AF_INET6, address, expected,
				  sizeof(expected)));
	_assert_string_equal(ended(&text, buffer), expected, __FILE__, line);
}

// Each set of groups that are zero, with groups of any length between them.
static void
addresses_are_those_of_inet_ntop(void **state)
{
	static const uint16_t groups[] = {1, 0x10, 0x100, 0x1000, 0xffff, 0xabcd, 0xf, 0x20};

	(void)state;
	for (unsigned int zeros = 0; zeros < 256; zeros++) {
		for (unsigned int first = 0; first < 8; first++) {
			union address address = {0};

			for (size_t i = 0; i < 8; i++) {
				uint16_t group = zeros >> i & 1 ? 0 : groups[(first + i) % 8];

				address.v6[2 * i] = (uint8_t)(group >> 8);
				address.v6[2 * i + 1] = (uint8_t)group;
			}
			assert_address(FAMILY_IPV6, &address);
		}
	}
}

static void
addresses_with_an_ipv4_address_in_them(void **state)
{
	static const char *const texts[] = {"::",
					    "::1",
					    "::2:3",
					    "::10.0.0.1",
					    "::ffff:10.0.0.1",
					    "::ffff:0:10.0.0.1",
					    "64:ff9b::10.0.0.1",
					    "::1:0:0:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		union address address;

		assert_int_equal(inet_pton(AF_INET6, texts[i], &address), 1);
		assert_address(FAMILY_IPV6, &address);
	}
}

static void
random_addresses(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned int i = 0; i < N_RANDOM; i++) {
		union address address = {0};

		// Few bits, so that there are many zeros.
		for (unsigned int byte = 0; byte < 16; byte++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			address.v6[byte] = random >> 62 == 0 ? (uint8_t)(random >> 50) : 0;
		}
		assert_address(FAMILY_IPV6, &address);
		address.word[0] &= UINT32_MAX;
		address.word[1] = 0;
		assert_address(FAMILY_IPV4, &address);
	}
}

static void
a_word_that_is_too_long_is_cut(void **state)
{
	char buffer[TEXT_SIZE];
	struct text text = {buffer};

	(void)state;
	text_word(&text, "0123456789012345678901234567890123456789");
	assert_string_equal(ended(&text, buffer), "0123456789012345678901234567890");
	text_word(&text, "");
	text_string(&text, "+");
	assert_string_equal(ended(&text, buffer), "0123456789012345678901234567890+");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_printf),
		cmocka_unit_test(addresses_are_those_of_inet_ntop),
		cmocka_unit_test(addresses_with_an_ipv4_address_in_them),
		cmocka_unit_test(random_addresses),
		cmocka_unit_test(a_word_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
