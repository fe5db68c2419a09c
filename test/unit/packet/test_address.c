// SPDX-License-Identifier: BSD-3-Clause
#include "packet/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

static void
addresses_are_read_with_their_prefix(void **state)
{
	static const struct {
		const char *text;
		enum family family;
		unsigned int len; // above 128: it is none
		const char *address;
	} cases[] = {
		{"192.0.2.1", FAMILY_IPV4, 32, "192.0.2.1"},
		{"192.0.2.1/0", FAMILY_IPV4, 0, "192.0.2.1"},
		{"192.0.2.1/0x18", FAMILY_IPV4, 24, "192.0.2.1"},
		{"192.0.2.1/33", FAMILY_IPV4, UINT_MAX, "192.0.2.1"},
		{"192.0.2.1/", FAMILY_IPV4, UINT_MAX, "192.0.2.1"},
		{"192.0.2.1/8/8", FAMILY_IPV4, UINT_MAX, "192.0.2.1"},
		{"2001:db8::1/128", FAMILY_IPV6, 128, "2001:db8::1"},
		{"2001:db8::1/129", FAMILY_IPV6, UINT_MAX, "2001:db8::1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/64", FAMILY_IPV6, 64,
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"", FAMILY_NONE, 0, NULL},
		{"/8", FAMILY_NONE, 0, NULL},
		{"192.0.2", FAMILY_NONE, 0, NULL},
		{"192.0.2.1 /8", FAMILY_NONE, 0, NULL},
		{"2001:db8::g", FAMILY_NONE, 0, NULL},
		{"0000000000000000000000000000000000000000000000000000::1", FAMILY_NONE, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		char text[INET6_ADDRSTRLEN];
		union address address;
		unsigned int len;
		enum family family = address_parse_prefix(cases[i].text, &address, &len);

		assert_int_equal(family, cases[i].family);
		if (family == FAMILY_NONE)
			continue;
		if (cases[i].len > 128)
			assert_true(len > 128);
		else
			assert_int_equal(len, cases[i].len);
		assert_string_equal(address_format(family, &address, text), cases[i].address);
	}
}

static void
an_address_is_within_a_prefix_or_not(void **state)
{
	static const struct {
		const char *address, *prefix;
		bool is_within;
	} cases[] = {
		{"198.51.100.7", "0.0.0.0/0", true},
		{"198.51.100.7", "198.51.100.0/24", true},
		{"198.51.101.7", "198.51.100.0/24", false},
		{"198.51.101.7", "198.51.100.0/23", true},
		{"198.51.102.7", "198.51.100.0/23", false},
		{"198.51.100.7", "198.51.100.7/32", true},
		{"198.51.100.6", "198.51.100.7/32", false},
		{"2001:db8::1", "2001:db8::/127", true},
		{"2001:db8::2", "2001:db8::/127", false},
		{"2001:db8::2", "2001:db8::2/128", true},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		union address address, prefix;
		unsigned int len;

		address_parse(cases[i].address, &address);
		address_parse_prefix(cases[i].prefix, &prefix, &len);
		assert_int_equal(address_is_within(&address, &prefix, len), cases[i].is_within);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_with_their_prefix),
		cmocka_unit_test(an_address_is_within_a_prefix_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
