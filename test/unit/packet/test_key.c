// SPDX-License-Identifier: BSD-3-Clause
//
// Keys of flows: the same for both directions, different for everything else, and they lead back to
// the tuple.
#include "packet/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

static const struct {
	const char *what;
	struct tuple tuple;
	bool is_turned;
} cases[] = {
#define V4(a, b)     .family = FAMILY_IPV4, .src = {.word = {a}}, .dst = {.word = {b}}
#define V6(a, b)     .family = FAMILY_IPV6, .src = {.word = {1, a}}, .dst = {.word = {1, b}}
#define FIELDS(a, b) .src_field = (a), .dst_field = (b)
	{"TCP, smaller address first", {V4(5, 9), FIELDS(4000, 80), .proto = PROTO_TCP}, false},
	{"TCP, larger address first", {V4(9, 5), FIELDS(80, 4000), .proto = PROTO_TCP}, true},
	{"UDP of one host, by ports", {V4(5, 5), FIELDS(9, 7), .proto = PROTO_UDP}, true},
	{"UDP to itself", {V4(5, 5), FIELDS(7, 7), .proto = PROTO_UDP}, false},
	{"largest of all", {V4(UINT32_MAX, 5), FIELDS(UINT16_MAX, 0), .proto = PROTO_TCP}, true},
	{"no ports", {V4(5, 9), .proto = PROTO_ESP}, false},
	{"echo request", {V4(9, 5), FIELDS(77, 8 << 8), .proto = PROTO_ICMP}, false},
	{"echo reply", {V4(5, 9), FIELDS(77, 0 << 8), .proto = PROTO_ICMP}, true},
	{"echo to itself", {V4(5, 5), FIELDS(77, 8 << 8 | 3), .proto = PROTO_ICMP}, false},
	{"ICMPv6 in IPv4", {V4(9, 5), .proto = PROTO_ICMPV6}, true},
	{"IPv6, smaller first", {V6(5, 9), FIELDS(4000, 80), .proto = PROTO_TCP}, false},
	{"IPv6, larger first", {V6(9, 5), FIELDS(80, 4000), .proto = PROTO_TCP}, true},
	{"IPv6 of one host, by ports", {V6(5, 5), FIELDS(9, 7), .proto = PROTO_UDP}, true},
	{"echo request of IPv6", {V6(9, 5), FIELDS(77, 128 << 8), .proto = PROTO_ICMPV6}, false},
	{"echo reply of IPv6", {V6(5, 9), FIELDS(77, 129 << 8), .proto = PROTO_ICMPV6}, true},
};

static void
assert_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	assert_true(a->word[0] == b->word[0] && a->word[1] == b->word[1]);
	if (key_family(a->word) == FAMILY_IPV6)
		assert_true(key_equal_ends(a->ends, b->ends));
}

static bool
keys_differ(const struct flow_key *a, const struct flow_key *b)
{
	return a->word[0] != b->word[0] || a->word[1] != b->word[1] ||
	       (key_family(a->word) == FAMILY_IPV6 && !key_equal_ends(a->ends, b->ends));
}

static void
both_directions_have_one_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct tuple *tuple = &cases[i].tuple;
		struct flow_key key = {0}, key_of_reply = {0};
		struct tuple reply;
		bool is_own_answer;

		assert_true(tuple_invert(tuple, &reply));
		is_own_answer = tuple_equal(tuple, &reply);
		assert_int_equal(tuple_is_own_answer(tuple), is_own_answer);
		assert_int_equal(key_from_tuple(tuple, &key), cases[i].is_turned);
		assert_int_equal(key_from_tuple(&reply, &key_of_reply),
				 !is_own_answer && !cases[i].is_turned);
		assert_key_equal(&key, &key_of_reply);
		assert_int_equal(key_family(key.word), tuple->family);
		assert_int_equal(key_proto(key.word), tuple->proto);
	}
}

static void
a_key_leads_back_to_both_tuples(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct tuple tuple = cases[i].tuple, reply, back;
		struct flow_key key = {0};
		bool is_turned;

		tuple.zone = 4711;
		is_turned = key_from_tuple(&tuple, &key);
		assert_true(tuple_invert(&tuple, &reply));
		key_to_tuple(key.word, key.ends, is_turned, &back);
		assert_memory_equal(&back, &tuple, sizeof(tuple));
		key_to_tuple(key.word, key.ends, !is_turned, &back);
		assert_memory_equal(&back, &reply, sizeof(reply));
	}
}

// Two tuples have one key only if they are equal, or one the inverse of the other.
static void
other_flows_have_other_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct tuple *tuple = &cases[i].tuple;
		struct flow_key key = {0};

		(void)key_from_tuple(tuple, &key);
		for (int field = 0; field < 7; field++) {
			struct tuple other = *tuple, reply;
			struct flow_key other_key = {0};

			other.src.word[0] ^= field == 0 ? 2 : 0;
			other.dst.word[0] ^= field == 1 ? 2 : 0;
			other.src_field ^= field == 2;
			other.dst_field ^= field == 3;
			other.zone ^= field == 4;
			other.proto ^= field == 5 ? 128 : 0;
			other.src.word[1] ^= field == 6 && tuple->family == FAMILY_IPV6 ? 2 : 0;
			if (tuple_equal(&other, tuple) ||
			    (tuple_invert(&other, &reply) && tuple_equal(&reply, tuple)))
				continue;
			(void)key_from_tuple(&other, &other_key);
			assert_true(keys_differ(&key, &other_key));
		}
	}
}

// Two hosts may ask each other with one identifier: these are two flows.
static void
questions_both_ways_are_two_flows(void **state)
{
	struct tuple question = {V4(5, 9), FIELDS(77, 8 << 8), .proto = PROTO_ICMP};
	struct tuple back = {V4(9, 5), FIELDS(77, 8 << 8), .proto = PROTO_ICMP};
	struct flow_key key = {0}, other = {0};

	(void)state;
	(void)key_from_tuple(&question, &key);
	(void)key_from_tuple(&back, &other);
	assert_true(keys_differ(&key, &other));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_one_key),
		cmocka_unit_test(a_key_leads_back_to_both_tuples),
		cmocka_unit_test(other_flows_have_other_keys),
		cmocka_unit_test(questions_both_ways_are_two_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
