// SPDX-License-Identifier: BSD-3-Clause
//
// The languages inside strings.
#include "settings/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <rte_common.h>

#include <cmocka.h>

static char why[CFG_WHY_SIZE];

static void
test_addresses(void **state)
{
	static const struct {
		const char *text;
		enum family family;
		const char *address;
		unsigned int len;
	} cases[] = {
		{"192.0.2.1", FAMILY_IPV4, "192.0.2.1", 32},
		{"192.0.2.0/24", FAMILY_IPV4, "192.0.2.0", 24},
		{"0.0.0.0/0", FAMILY_IPV4, "0.0.0.0", 0},
		{"128.0.0.0/1", FAMILY_IPV4, "128.0.0.0", 1},
		{"10.0.0.1/32", FAMILY_IPV4, "10.0.0.1", 32},
		{"::1", FAMILY_IPV6, "::1", 128},
		{"2001:db8::/33", FAMILY_IPV6, "2001:db8::", 33},
		{"::/0", FAMILY_IPV6, "::", 0},
		{"::ffff:192.0.2.1", FAMILY_IPV6, "::ffff:192.0.2.1", 128},
		{"10.0.0.0-10.255.255.255", FAMILY_IPV4, "10.0.0.0", 8},
		{"2001:db8::-2001:db8::ffff", FAMILY_IPV6, "2001:db8::", 112},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct cfg_prefixes prefixes = {0};
		union address address;

		memset(&address, 0, sizeof(address));
		assert_int_equal(inet_pton(cases[i].family == FAMILY_IPV4 ? AF_INET : AF_INET6,
					   cases[i].address, &address),
				 1);
		assert_true(cfg_parse_addresses(cases[i].text, &prefixes, why));
		assert_int_equal(prefixes.n, 1);
		assert_int_equal(prefixes.list[0].family, cases[i].family);
		assert_int_equal(prefixes.list[0].len, cases[i].len);
		assert_memory_equal(&prefixes.list[0].address, &address, sizeof(address));
		free(prefixes.list);
	}
}

// 1 to 6 is 1, 2-3, 4-5 and 6: the prefixes of lengths 32, 31, 31 and 32.
static void
test_a_range_becomes_prefixes(void **state)
{
	static const unsigned int lens[] = {32, 31, 31, 32};
	struct cfg_prefixes prefixes = {0};

	(void)state;
	assert_true(cfg_parse_addresses("10.0.0.1-10.0.0.6", &prefixes, why));
	assert_int_equal(prefixes.n, RTE_DIM(lens));
	for (size_t i = 0; i < RTE_DIM(lens); i++)
		assert_int_equal(prefixes.list[i].len, lens[i]);
	// Later addresses are appended.
	assert_true(cfg_parse_addresses("::", &prefixes, why));
	assert_int_equal(prefixes.n, RTE_DIM(lens) + 1);
	free(prefixes.list);
}

static void
test_bad_addresses(void **state)
{
	static const char *const texts[] = {
		"",
		"10.0.0",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"::/129",
		"/8",
		"10.0.0.0/8/8",
		"10.0.0.1/31",
		"::1/127",
		"10.0.0.1-",
		"-10.0.0.1",
		"10.0.0.1-::1",
		"10.0.0.0/8-11.0.0.0/8",
		"fe80::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
		"example.com",
	};
	struct cfg_prefixes prefixes = {0};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(texts); i++) {
		why[0] = '\0';
		assert_false(cfg_parse_addresses(texts[i], &prefixes, why));
		assert_non_null(strstr(why, texts[i]));
	}
	assert_int_equal(prefixes.n, 0);
	assert_null(prefixes.list);
}

static void
test_ranges(void **state)
{
	static const char *const bad[] = {"",      "-",     "1-",      "-1",    "2-1",
					  "1-2-3", "65536", "1-65536", "1 - 2", "1000000000-2"};
	struct range range;

	(void)state;
	assert_true(cfg_parse_range("80", "a port", 65535, &range, why));
	assert_int_equal(range.low, 80);
	assert_int_equal(range.high, 80);
	assert_true(cfg_parse_range("0-65535", "a port", 65535, &range, why));
	assert_int_equal(range.low, 0);
	assert_int_equal(range.high, 65535);
	assert_true(cfg_parse_range("255", "a number", 255, &range, why));
	assert_false(cfg_parse_range("256", "a number", 255, &range, why));
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(cfg_parse_range(bad[i], "a port", 65535, &range, why));
}

// Numbers by IANA's list "Assigned Internet Protocol Numbers".
static void
test_protocols(void **state)
{
	static const struct {
		const char *text;
		uint8_t number;
	} cases[] = {
		{"icmp", 1},       {"igmp", 2},  {"ipip", 4},  {"tcp", 6},    {"udp", 17},
		{"dccp", 33},      {"gre", 47},  {"esp", 50},  {"ah", 51},    {"icmpv6", 58},
		{"ipv6-icmp", 58}, {"ospf", 89}, {"pim", 103}, {"vrrp", 112}, {"sctp", 132},
		{"udplite", 136},  {"0", 0},     {"255", 255}, {"0x06", 6},
	};
	uint8_t proto;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		assert_true(cfg_parse_protocol(cases[i].text, &proto, why));
		assert_int_equal(proto, cases[i].number);
	}
	assert_false(cfg_parse_protocol("256", &proto, why));
	assert_false(cfg_parse_protocol("", &proto, why));
	assert_true(cfg_parse_protocol("TCP", &proto, why));
	assert_int_equal(proto, 6);
	assert_false(cfg_parse_protocol("icmp6", &proto, why));
	assert_string_equal(why, "\"icmp6\" is not a protocol; did you mean \"icmpv6\"?");
}

static void
test_masks(void **state)
{
	struct masked masked;

	(void)state;
	assert_true(cfg_parse_masked("0x10/0xff", &masked, why));
	assert_int_equal(masked.value, 0x10);
	assert_int_equal(masked.mask, 0xff);
	assert_true(cfg_parse_masked("4294967295", &masked, why));
	assert_int_equal(masked.value, UINT32_MAX);
	assert_int_equal(masked.mask, UINT32_MAX);
	for (const char *const *text =
		     (const char *const[]){"", "/", "1/", "/1", "1/0", "2/1", "1/1/1", "4294967296",
					   "0x100000000", "00000000000000000000000000000001", NULL};
	     *text != NULL; text++)
		assert_false(cfg_parse_masked(*text, &masked, why));
}

// Bits by RFC 9293 section 3.1: FIN is the lowest, CWR the highest of the eight.
static void
test_tcp_flags(void **state)
{
	static const struct {
		const char *text;
		uint8_t flags;
		uint8_t mask;
	} cases[] = {
		{"syn/syn,ack,fin,rst", 0x02, 0x17},
		{"none/fin,syn,rst,psh,ack,urg", 0, 0x3f},
		{"/ece,cwr", 0, 0xc0},
		{"psh,urg/psh,urg", 0x28, 0x28},
		{"syn,syn/syn", 0x02, 0x02},
		{"SYN/Syn,ack", 0x02, 0x12},
		{"None/FIN", 0, 0x01},
	};
	static const char *const bad[] = {
		"",         "syn",      "syn/",        "syn/none", "syn/ack",     "sin/syn",
		"syn,/syn", "syn/,syn", "syn/syn/syn", "S/S",      "none,syn/syn"};
	uint8_t flags;
	uint8_t mask;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		assert_true(cfg_parse_tcp_flags(cases[i].text, &flags, &mask, why));
		assert_int_equal(flags, cases[i].flags);
		assert_int_equal(mask, cases[i].mask);
	}
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(cfg_parse_tcp_flags(bad[i], &flags, &mask, why));
}

static void
test_spans(void **state)
{
	static const char *const bad[] = {"",     "-",    "x",   "64",   "-1",
					  "1--2", "1-2-", "2-1", "1-64", "1 ",
					  " 1",   "1.5",  "1-x", "0x",   "18446744073709551616"};
	struct span span;

	(void)state;
	assert_true(cfg_parse_span("63", "a number", 63, &span, why));
	assert_true(span.low == 63 && span.high == 63);
	assert_true(cfg_parse_span("0x10-32", "a number", 63, &span, why));
	assert_true(span.low == 16 && span.high == 32);
	assert_true(cfg_parse_span("7-", "a number", 63, &span, why));
	assert_true(span.low == 7 && span.high == 63);
	assert_true(cfg_parse_span("4294967296-", "a number", UINT64_MAX, &span, why));
	assert_true(span.low == UINT64_C(4294967296) && span.high == UINT64_MAX);
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(cfg_parse_span(bad[i], "a number", 63, &span, why));
	assert_false(cfg_parse_span("64", "a hop", 63, &span, why));
	assert_string_equal(why, "\"64\" is not a hop, 0 to 63, or a range a-b or a-");
}

static void
test_mac_addresses(void **state)
{
	static const char *const bad[] = {"",
					  "02:00:00:00:00",
					  "02:00:00:00:00:0a:0b",
					  "02-00-00-00-00-0a",
					  "02:00:00:00:00:0g",
					  " 02:00:00:00:00:0a",
					  "02:00:00:00:00:0a/49",
					  "02:00:00:00:00:0a/40",
					  "02:00:00:00:00:0a-",
					  "02:00:00:00:00:0b-02:00:00:00:00:0a",
					  "02:00:00:00:00:0a-02:00:00:00:00:0b-"};
	struct span span;

	(void)state;
	assert_true(cfg_parse_macs("02:00:5e:00:00:0A", &span, why));
	assert_true(span.low == UINT64_C(0x02005e00000a) && span.high == span.low);
	assert_true(cfg_parse_macs("02:00:5e:00:00:00/24", &span, why));
	assert_true(span.low == UINT64_C(0x02005e000000) && span.high == UINT64_C(0x02005effffff));
	assert_true(cfg_parse_macs("00:00:00:00:00:00/0", &span, why));
	assert_true(span.low == 0 && span.high == UINT64_C(0xffffffffffff));
	assert_true(cfg_parse_macs("02:00:00:00:00:01-02:00:00:00:01:00", &span, why));
	assert_true(span.low == UINT64_C(0x020000000001) && span.high == UINT64_C(0x020000000100));
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(cfg_parse_macs(bad[i], &span, why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_a_range_becomes_prefixes),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_mac_addresses),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_tcp_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
