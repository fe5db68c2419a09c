// SPDX-License-Identifier: BSD-3-Clause
//
// Rules as data: a range of addresses becomes exactly the prefixes arithmetic says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "rules/rules.h"

static union address
address_of(const char *text)
{
	union address address = {0};

	if (strchr(text, ':') != NULL)
		assert_int_equal(inet_pton(AF_INET6, text, address.v6), 1);
	else
		assert_int_equal(inet_pton(AF_INET, text, &address.v4), 1);
	return address;
}

static enum family
family_of(const char *text)
{
	return strchr(text, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4;
}

// A range and the prefixes that are it, worked out by hand.
static const struct {
	const char *low, *high;
	unsigned int n;
	struct {
		const char *address;
		uint8_t len;
	} want[8];
} ranges[] = {
	{"0.0.0.0", "255.255.255.255", 1, {{"0.0.0.0", 0}}},
	{"192.0.2.7", "192.0.2.7", 1, {{"192.0.2.7", 32}}},
	{"255.255.255.255", "255.255.255.255", 1, {{"255.255.255.255", 32}}},
	{"0.0.0.0", "0.0.0.0", 1, {{"0.0.0.0", 32}}},
	{"192.0.2.0", "192.0.2.255", 1, {{"192.0.2.0", 24}}},
	{"192.0.2.1", "192.0.2.2", 2, {{"192.0.2.1", 32}, {"192.0.2.2", 32}}},
	{"192.0.2.5",
	 "192.0.2.20",
	 5,
	 {{"192.0.2.5", 32},
	  {"192.0.2.6", 31},
	  {"192.0.2.8", 29},
	  {"192.0.2.16", 30},
	  {"192.0.2.20", 32}}},
	{"127.255.255.255", "128.0.0.0", 2, {{"127.255.255.255", 32}, {"128.0.0.0", 32}}},
	{"0.0.0.0", "127.255.255.255", 1, {{"0.0.0.0", 1}}},
	{"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, {{"::", 0}}},
	{"2001:db8::1", "2001:db8::1", 1, {{"2001:db8::1", 128}}},
	{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1, {{"2001:db8::", 32}}},
	{"2001:db8:0:0:ffff:ffff:ffff:ffff",
	 "2001:db8:0:1::",
	 2,
	 {{"2001:db8::ffff:ffff:ffff:ffff", 128}, {"2001:db8:0:1::", 128}}},
	{"2001:db8::3",
	 "2001:db8::8",
	 3,
	 {{"2001:db8::3", 128}, {"2001:db8::4", 126}, {"2001:db8::8", 128}}},
	{"192.0.2.2", "192.0.2.1", 0, {{0}}},
	{"2001:db8:1::", "2001:db8::", 0, {{0}}},
};

static void
range_is_the_prefixes_worked_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(ranges); i++) {
		union address low = address_of(ranges[i].low), high = address_of(ranges[i].high);
		struct prefix prefixes[254];

		assert_int_equal(
			prefixes_from_range(family_of(ranges[i].low), &low, &high, prefixes),
			ranges[i].n);
		for (unsigned int k = 0; k < ranges[i].n; k++) {
			union address want = address_of(ranges[i].want[k].address);

			assert_int_equal(prefixes[k].family, family_of(ranges[i].low));
			assert_int_equal(prefixes[k].len, ranges[i].want[k].len);
			assert_memory_equal(&prefixes[k].address, &want, sizeof(want));
		}
	}
}

// The worst range leaves out the first and the last address: all sizes, up and down again.
static void
worst_range_needs_all_the_room(void **state)
{
	union address low4 = address_of("0.0.0.1"), high4 = address_of("255.255.255.254");
	union address low6 = address_of("::1");
	union address high6 = address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	struct prefix prefixes[254];

	(void)state;
	assert_int_equal(prefixes_from_range(FAMILY_IPV4, &low4, &high4, prefixes), 2 * 32 - 2);
	assert_int_equal(prefixes_from_range(FAMILY_IPV6, &low6, &high6, prefixes), 2 * 128 - 2);
}

static uint64_t random_state = 1;

// xorshift64*, the same numbers in every run.
static uint64_t
random_bits(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

// Addresses of one family compare as their bytes do.
static size_t
address_size(enum family family)
{
	return family == FAMILY_IPV4 ? 4 : 16;
}

static bool
prefix_has(const struct prefix *prefix, const union address *address)
{
	for (unsigned int bit = 0; bit < prefix->len; bit++) {
		unsigned int differ = prefix->address.v6[bit / 8] ^ address->v6[bit / 8];

		if ((differ & 0x80u >> bit % 8) != 0)
			return false;
	}
	return true;
}

// An address near another one: some number of its last bits are drawn anew.
static union address
random_near(enum family family, const union address *base)
{
	union address address = *base;
	unsigned int width = 8 * (unsigned int)address_size(family);
	unsigned int n = (unsigned int)(random_bits() % (width + 1));

	for (unsigned int bit = width - n; bit < width; bit++) {
		if ((random_bits() & 1) != 0)
			address.v6[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
	}
	return address;
}

static void
check_membership(enum family family)
{
	size_t size = address_size(family);
	union address base = {0}, low, high, probe;
	struct prefix prefixes[254];
	unsigned int n;

	for (size_t i = 0; i < size; i++)
		base.v6[i] = (uint8_t)random_bits();
	low = random_near(family, &base);
	high = random_near(family, &base);
	n = prefixes_from_range(family, &low, &high, prefixes);
	assert_true((n > 0) == (memcmp(low.v6, high.v6, size) <= 0));
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int in = 0;
		bool want;

		probe = random_near(family, i % 3 == 0 ? &low : i % 3 == 1 ? &high : &base);
		want = memcmp(low.v6, probe.v6, size) <= 0 && memcmp(probe.v6, high.v6, size) <= 0;
		for (unsigned int k = 0; k < n; k++)
			in += prefix_has(&prefixes[k], &probe);
		assert_int_equal(in, want ? 1 : 0); // never in two: no prefix is superfluous
	}
}

static void
address_is_in_the_range_or_in_no_prefix(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		check_membership(FAMILY_IPV4);
		check_membership(FAMILY_IPV6);
	}
}

static void
chain_fini_frees_all_it_owns(void **state)
{
	struct chain chain = {.name = strdup("filter"), .n_rules = 1};
	struct match *match;

	(void)state;
	chain.rules = calloc(1, sizeof(*chain.rules));
	assert_non_null(chain.rules);
	chain.rules[0].name = strdup("web");
	chain.rules[0].log = strdup("text");
	match = &chain.rules[0].match;
	match->protos = malloc(1);
	match->src = malloc(sizeof(*match->src));
	match->dst = malloc(sizeof(*match->dst));
	match->sport = malloc(sizeof(*match->sport));
	match->dport = malloc(sizeof(*match->dport));
	match->icmp_type = malloc(sizeof(*match->icmp_type));
	match->icmp_code = malloc(sizeof(*match->icmp_code));
	chain_fini(&chain); // a leak is found by the sanitizer
	assert_null(chain.rules);
	assert_int_equal(chain.n_rules, 0);
	chain_fini(&chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(range_is_the_prefixes_worked_out),
		cmocka_unit_test(worst_range_needs_all_the_room),
		cmocka_unit_test(address_is_in_the_range_or_in_no_prefix),
		cmocka_unit_test(chain_fini_frees_all_it_owns),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
