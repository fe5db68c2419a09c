// SPDX-License-Identifier: BSD-3-Clause
//
// Each key of a match: what it holds for, and what it does not. Every case runs in both families,
// and both with an action (where rte_acl judges the rule, if it can) and without one (where the
// rule is compared by itself).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define HOST 0 // size of an edit that sets an address to that of a host

// A field of struct pkt and the value it gets, in IPv4 and in IPv6.
struct edit {
	size_t offset;
	size_t size;
	uint32_t value[2];
};

#define SET2(field, v4, v6)                                                                        \
	{                                                                                          \
		offsetof(struct pkt, field), sizeof(((struct pkt *)NULL)->field),                  \
		{                                                                                  \
			v4, v6                                                                     \
		}                                                                                  \
	}
#define SET(field, value) SET2(field, value, value)
#define SET_HOST(field, n)                                                                         \
	{                                                                                          \
		offsetof(struct pkt, field), HOST,                                                 \
		{                                                                                  \
			n, n                                                                       \
		}                                                                                  \
	}

// The first matches, after all edits of fit; each edit of spoil alone makes it one that does not.
struct key_case {
	const char *name;
	struct match match;
	struct edit fit[5];
	struct edit spoil[5];
};

#define LIST(name, type, ...)                                                                      \
	.name = (type[]){__VA_ARGS__}, .n_##name = RTE_DIM(((type[]){__VA_ARGS__}))
#define V6(...)                                                                                    \
	{                                                                                          \
		.v6 = { 0x20, 0x01, 0x0d, 0xb8, __VA_ARGS__ }                                      \
	}
#define V4(...)                                                                                    \
	{                                                                                          \
		.v6 = { 10, __VA_ARGS__ }                                                          \
	}

// Hosts 1, and 0x10000 to 0x1ffff.
#define SRC                                                                                        \
	LIST(src, struct prefix, {FAMILY_IPV4, 32, V4(0, 0, 1)}, {FAMILY_IPV4, 16, V4(1, 0, 0)},   \
	     {FAMILY_IPV6, 128, V6([15] = 1)}, {FAMILY_IPV6, 112, V6([13] = 1)})
// Hosts 2 and 3.
#define DST                                                                                        \
	LIST(dst, struct prefix, {FAMILY_IPV4, 31, V4(0, 0, 2)}, {FAMILY_IPV6, 127, V6([15] = 2)})

// An ICMP error of the packet's own family, type 3 or 1, code 4.
#define ICMP                                                                                       \
	SET2(tuple.proto, PROTO_ICMP, PROTO_ICMPV6), SET(has_ports, false), SET2(icmp_type, 3, 1), \
		SET(icmp_code, 4)
#define OTHER_ICMP SET2(tuple.proto, PROTO_ICMPV6, PROTO_ICMP)

static const struct key_case cases[] = {
	{"in",
	 {.in_ports = 1u << 0 | 1u << 5 | 1u << 31},
	 {SET(in_port, 5)},
	 {SET(in_port, 4), SET(in_port, 6), SET(in_port, 30), SET(in_port, PORT_NONE)}},
	{"in, the first port", {.in_ports = 1u << 0}, {SET(in_port, 0)}, {SET(in_port, 1)}},
	{"in, the last port", {.in_ports = 1u << 31}, {SET(in_port, 31)}, {SET(in_port, 30)}},
	{"out", {.out_ports = 1u << 1}, {}, {SET(out_port, 0), SET(out_port, PORT_NONE)}},
	{"state",
	 {.classes = 1u << CLASS_NEW | 1u << CLASS_UNTRACKED},
	 {},
	 {SET(class, CLASS_NONE), SET(class, CLASS_ESTABLISHED), SET(class, CLASS_INVALID)}},
	{"state, the second of a set",
	 {.classes = 1u << CLASS_NEW | 1u << CLASS_UNTRACKED},
	 {SET(class, CLASS_UNTRACKED)},
	 {SET(class, CLASS_RELATED)}},
	{"dir", {.dirs = 1u << DIR_ORIG}, {}, {SET(dir, DIR_REPLY), SET(dir, DIR_NONE)}},
	{"dir, both",
	 {.dirs = 1u << DIR_ORIG | 1u << DIR_REPLY},
	 {SET(dir, DIR_REPLY)},
	 {SET(dir, DIR_NONE)}},
	{"helper", {.helper = 3}, {SET(helper, 3)}, {SET(helper, 0), SET(helper, 7)}},
	{"mark",
	 {.mark = {0x10, 0xf0}},
	 {SET(mark, 0xabc1f)},
	 {SET(mark, 0xf0), SET(mark, 0), SET(mark, 0x30)}},
	{"zone 0", {.has_zone = true}, {}, {SET(tuple.zone, 1), SET(tuple.zone, 256)}},
	{"zone", {.has_zone = true, .zone = 9}, {SET(tuple.zone, 9)}, {SET(tuple.zone, 0)}},
	{"proto",
	 {LIST(protos, uint8_t, PROTO_SCTP, PROTO_TCP, PROTO_TCP)},
	 {},
	 {SET(tuple.proto, PROTO_UDP), SET(tuple.proto, 0), SET(tuple.proto, 5)}},
	{"proto 0", {LIST(protos, uint8_t, 0)}, {SET(tuple.proto, 0)}, {SET(tuple.proto, 1)}},
	{"src",
	 {SRC},
	 {},
	 {SET_HOST(tuple.src, 0), SET_HOST(tuple.src, 2), SET_HOST(tuple.src, 0x101),
	  SET(tuple.src.v6[0], 0x8a), SET(tuple.src.v6[3], 0xff)}},
	{"src, the end of a prefix",
	 {SRC},
	 {SET_HOST(tuple.src, 0x1ffff)},
	 {SET_HOST(tuple.src, 0xffff), SET_HOST(tuple.src, 0x20000), SET(tuple.src.v6[0], 0)}},
	{"dst",
	 {DST},
	 {},
	 {SET_HOST(tuple.dst, 1), SET_HOST(tuple.dst, 4), SET_HOST(tuple.dst, 0x10002)}},
	{"dst, the end of a prefix", {DST}, {SET_HOST(tuple.dst, 3)}, {SET_HOST(tuple.dst, 4)}},
	{"sport",
	 {LIST(sport, struct range, {40000, 50000}, {7, 7}, {1000, 1025})},
	 {},
	 {SET(tuple.src_field, 1026), SET(tuple.src_field, 999), SET(tuple.src_field, 8),
	  SET(has_ports, false)}},
	{"sport, the end of a range",
	 {LIST(sport, struct range, {40000, 50000}, {7, 7}, {1000, 1025})},
	 {SET(tuple.src_field, 50000)},
	 {SET(tuple.src_field, 50001), SET(tuple.src_field, 39999)}},
	{"sport, a range the wrong way round", // holds for nothing, so only the other one counts
	 {LIST(sport, struct range, {2000, 1000}, {1025, 1025})},
	 {},
	 {SET(tuple.src_field, 1500), SET(tuple.src_field, 2000), SET(tuple.src_field, 1000)}},
	{"dport",
	 {LIST(dport, struct range, {443, 443}, {80, 80})},
	 {},
	 {SET(tuple.dst_field, 81), SET(tuple.dst_field, 80 << 8), SET(tuple.dst_field, 442),
	  SET(has_ports, false)}},
	{"dport, any port but a port",
	 {LIST(dport, struct range, {0, UINT16_MAX})},
	 {SET(tuple.dst_field, UINT16_MAX)},
	 {SET(has_ports, false)}},
	{"icmp_type",
	 {LIST(icmp_type, struct range, {1, 1}, {3, 3})},
	 {ICMP},
	 {SET2(icmp_type, 4, 2), OTHER_ICMP, SET(tuple.proto, PROTO_UDP), SET(has_tuple, false)}},
	{"icmp_code",
	 {LIST(icmp_code, struct range, {0, 1}, {4, UINT16_MAX})},
	 {ICMP},
	 {SET(icmp_code, 3), OTHER_ICMP, SET(tuple.proto, PROTO_UDP), SET(has_tuple, false)}},
	{"icmp_type and icmp_code",
	 {LIST(icmp_type, struct range, {0, 200}), LIST(icmp_code, struct range, {4, 4})},
	 {ICMP, SET(icmp_type, 200)},
	 {SET(icmp_code, 5), SET(icmp_type, 201)}},
	{"tcp_flags", // syn/fin,syn,rst,ack
	 {.tcp_flags = 0x02, .tcp_flags_mask = 0x17},
	 {SET(tcp_flags, 0xc2)},
	 {SET(tcp_flags, 0x12), SET(tcp_flags, 0), SET(tuple.proto, PROTO_UDP),
	  SET(has_ports, false)}},
	{"all keys of TCP at once",
	 {SRC, DST, LIST(protos, uint8_t, PROTO_TCP), LIST(sport, struct range, {1024, 2000}),
	  LIST(dport, struct range, {80, 80}), .families = 3, .in_ports = 1, .out_ports = 2,
	  .classes = 1u << CLASS_NEW, .dirs = 1u << DIR_ORIG, .tcp_flags = 0x02,
	  .tcp_flags_mask = 0xff, .helper = 1},
	 {SET(helper, 1)},
	 {SET(tuple.dst_field, 81), SET(helper, 2), SET(tcp_flags, 3), SET(out_port, 0),
	  SET(dir, DIR_REPLY)}},
};

static void
apply(const struct edit *edit, struct pkt *pkt)
{
	uint8_t *field = (uint8_t *)pkt + edit->offset;
	uint32_t value = edit->value[pkt->family == FAMILY_IPV6];
	union address host = fixture_host((enum family)pkt->family, value);

	if (edit->size == HOST)
		memcpy(field, &host, sizeof(host));
	else
		memcpy(field, &value, edit->size); // little endian
}

// The rule alone in a chain that drops: whether it counts the packet and decides about it.
static void
check(const struct key_case *key, struct pkt pkt, bool is_match, int spoil)
{
	for (unsigned int with_action = 0; with_action < 2; with_action++) {
		struct rule rule = {
			.match = key->match,
			.action = with_action ? ACTION_ACCEPT : ACTION_NONE,
		};
		struct chain chain = fixture_chain(&rule, 1, ACTION_DROP);
		struct pkt judged = pkt;
		struct rule_counter counters[2];

		fixture_judge(&chain, &judged, counters);
		if (counters[0].packets != is_match ||
		    (judged.verdict == VERDICT_PENDING) != (is_match && with_action))
			fail_msg("key \"%s\", IPv%d, %s action, spoilt by edit %d: %s", key->name,
				 pkt.family, with_action ? "with" : "without", spoil,
				 is_match ? "no match" : "a match");
	}
}

static void
check_family(const struct key_case *key, enum family family)
{
	struct pkt fitting = fixture_pkt(family);

	for (size_t i = 0; i < RTE_DIM(key->fit) && key->fit[i].offset != 0; i++)
		apply(&key->fit[i], &fitting);
	check(key, fitting, true, -1);
	for (size_t i = 0; i < RTE_DIM(key->spoil) && key->spoil[i].offset != 0; i++) {
		struct pkt spoilt = fitting;

		apply(&key->spoil[i], &spoilt);
		check(key, spoilt, false, (int)i);
	}
}

static void
every_key_holds_for_what_it_names_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		assert_true(cases[i].spoil[0].offset != 0);
		check_family(&cases[i], FAMILY_IPV4);
		check_family(&cases[i], FAMILY_IPV6);
	}
}

static void
match_without_keys_holds_for_everything(void **state)
{
	static const struct key_case any = {.name = "none"};
	struct pkt bare = {.family = FAMILY_IPV6,
			   .in_port = PORT_NONE,
			   .out_port = PORT_NONE,
			   .dir = DIR_NONE,
			   .rule = RULE_NONE};

	(void)state;
	check_family(&any, FAMILY_IPV4);
	check_family(&any, FAMILY_IPV6);
	check(&any, bare, true, -1);
}

static void
family_is_a_key(void **state)
{
	static const struct key_case v4 = {"family ipv4", {.families = 1}, {}, {}};
	static const struct key_case v6 = {"family ipv6", {.families = 2}, {}, {}};

	(void)state;
	check(&v4, fixture_pkt(FAMILY_IPV4), true, -1);
	check(&v4, fixture_pkt(FAMILY_IPV6), false, -1);
	check(&v6, fixture_pkt(FAMILY_IPV4), false, -1);
	check(&v6, fixture_pkt(FAMILY_IPV6), true, -1);
}

// Every address of one family is no address of the other.
static void
addresses_of_one_family_match_no_packet_of_the_other(void **state)
{
	const struct key_case v4 = {
		"src 0.0.0.0/0", {LIST(src, struct prefix, {FAMILY_IPV4, 0, {.v4 = 0}})}, {}, {}};
	const struct key_case v6 = {
		"dst ::/0", {LIST(dst, struct prefix, {FAMILY_IPV6, 0, {.v4 = 0}})}, {}, {}};

	(void)state;
	check(&v4, fixture_pkt(FAMILY_IPV4), true, -1);
	check(&v4, fixture_pkt(FAMILY_IPV6), false, -1);
	check(&v6, fixture_pkt(FAMILY_IPV4), false, -1);
	check(&v6, fixture_pkt(FAMILY_IPV6), true, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_holds_for_what_it_names_and_nothing_else),
		cmocka_unit_test(match_without_keys_holds_for_everything),
		cmocka_unit_test(family_is_a_key),
		cmocka_unit_test(addresses_of_one_family_match_no_packet_of_the_other),
	};

	return cmocka_run_group_tests_name("match", tests, fixture_eal, NULL);
}
