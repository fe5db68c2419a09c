// SPDX-License-Identifier: BSD-3-Clause
//
// The tuple of the answer, for every protocol and every ICMP type.
#include "packet/tuple.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>

static struct tuple
make_tuple(enum family family, uint8_t proto, uint16_t src_field, uint16_t dst_field)
{
	struct tuple tuple = {
		.src_field = src_field,
		.dst_field = dst_field,
		.zone = 5,
		.proto = proto,
		.family = (uint8_t)family,
	};
	int af = family == FAMILY_IPV4 ? AF_INET : AF_INET6;

	inet_pton(af, family == FAMILY_IPV4 ? "192.0.2.1" : "2001:db8::1", &tuple.src);
	inet_pton(af, family == FAMILY_IPV4 ? "198.51.100.2" : "2001:db8::2", &tuple.dst);
	return tuple;
}

// Queries and the types that answer them, from RFC 792, RFC 950, RFC 4443 and RFC 4620; any other
// type has no inverse.
static const struct {
	enum family family;
	uint8_t proto;
	int inverse[256]; // plus one; 0: none
} icmps[] = {
	{FAMILY_IPV4,
	 PROTO_ICMP,
	 {[0] = 9, [8] = 1, [13] = 15, [14] = 14, [15] = 17, [16] = 16, [17] = 19, [18] = 18}},
	{FAMILY_IPV6, PROTO_ICMPV6, {[128] = 130, [129] = 129, [139] = 141, [140] = 140}},
};

static void
every_icmp_type_has_the_inverse_of_its_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(icmps) / sizeof(icmps[0]); i++) {
		for (unsigned int type = 0; type < 256; type++) {
			const uint16_t type_code = (uint16_t)(type << 8 | 3);
			const struct tuple orig =
				make_tuple(icmps[i].family, icmps[i].proto, 0xbeef, type_code);
			const struct tuple canary = make_tuple(FAMILY_IPV4, 99, 1, 2);
			struct tuple reply = canary;

			if (icmps[i].inverse[type] == 0) {
				assert_false(tuple_is_invertible(&orig));
				assert_false(tuple_invert(&orig, &reply));
				assert_true(tuple_equal(&reply, &canary)); // left alone
				continue;
			}
			assert_true(tuple_is_invertible(&orig));
			assert_true(tuple_invert(&orig, &reply));
			assert_memory_equal(&reply.src, &orig.dst, sizeof(reply.src));
			assert_memory_equal(&reply.dst, &orig.src, sizeof(reply.dst));
			assert_int_equal(reply.src_field, 0xbeef); // the identifier stays
			assert_int_equal(reply.dst_field, (icmps[i].inverse[type] - 1) << 8 | 3);
			assert_int_equal(reply.zone, 5);
			assert_int_equal(reply.proto, icmps[i].proto);
		}
	}
}

static void
inverting_twice_changes_nothing(void **state)
{
	(void)state;
	for (unsigned int proto = 0; proto < 256; proto++) {
		for (unsigned int type = 0; type < 256; type++) {
			for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2) {
				const struct tuple orig = make_tuple(family, (uint8_t)proto, 77,
								     (uint16_t)(type << 8));
				struct tuple twice = orig;

				if (!tuple_invert(&orig, &twice))
					continue;
				assert_false(tuple_equal(&orig, &twice));
				assert_true(tuple_invert(&twice, &twice)); // in place
				assert_true(tuple_equal(&orig, &twice));
			}
		}
	}
}

static void
other_protocols_swap_addresses_and_fields(void **state)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_GRE, 253};

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		const struct tuple orig = make_tuple(FAMILY_IPV4, protos[i], 1025, 80);
		struct tuple reply;

		assert_true(tuple_invert(&orig, &reply));
		assert_memory_equal(&reply.src, &orig.dst, sizeof(reply.src));
		assert_memory_equal(&reply.dst, &orig.src, sizeof(reply.dst));
		assert_int_equal(reply.src_field, 80);
		assert_int_equal(reply.dst_field, 1025);
		assert_int_equal(reply.zone, 5);
		assert_int_equal(reply.family, FAMILY_IPV4);
	}
}

static void
every_field_makes_tuples_differ(void **state)
{
	const struct tuple tuple = make_tuple(FAMILY_IPV6, PROTO_TCP, 1025, 80);
	struct tuple other = tuple;

	(void)state;
	assert_true(tuple_equal(&tuple, &other));
	for (size_t byte = 0; byte < offsetof(struct tuple, zero); byte++) {
		((uint8_t *)&other)[byte] ^= 1;
		assert_false(tuple_equal(&tuple, &other));
		((uint8_t *)&other)[byte] ^= 1;
	}
}

// The names that conntrack(8) prints; a protocol it has no name for is unknown.
static void
protocols_have_the_names_of_conntrack(void **state)
{
	static const struct {
		uint8_t proto;
		const char *name;
		bool has_ports;
	} names[] = {
		{1, "icmp", false},      {6, "tcp", true},       {17, "udp", true},
		{33, "dccp", true},      {47, "gre", false},     {58, "icmpv6", false},
		{132, "sctp", true},     {136, "udplite", true}, {0, "unknown", false},
		{4, "unknown", false},   {50, "unknown", false}, {51, "unknown", false},
		{255, "unknown", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_string_equal(proto_name(names[i].proto), names[i].name);
		assert_int_equal(proto_has_ports(names[i].proto), names[i].has_ports);
	}
}

static void
addresses_are_printed_as_inet_ntop_does(void **state)
{
	char text[INET6_ADDRSTRLEN];
	union address address = {0};

	(void)state;
	inet_pton(AF_INET, "192.0.2.1", &address);
	assert_string_equal(address_format(FAMILY_IPV4, &address, text), "192.0.2.1");
	inet_pton(AF_INET6, "2001:db8:0:0:0:0:0:1", &address);
	assert_string_equal(address_format(FAMILY_IPV6, &address, text), "2001:db8::1");
	inet_pton(AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", &address);
	assert_string_equal(address_format(FAMILY_IPV6, &address, text),
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_icmp_type_has_the_inverse_of_its_rfc),
		cmocka_unit_test(inverting_twice_changes_nothing),
		cmocka_unit_test(other_protocols_swap_addresses_and_fields),
		cmocka_unit_test(every_field_makes_tuples_differ),
		cmocka_unit_test(protocols_have_the_names_of_conntrack),
		cmocka_unit_test(addresses_are_printed_as_inet_ntop_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
