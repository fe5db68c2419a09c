// SPDX-License-Identifier: BSD-3-Clause
//
// Filters: what their text means, and for which connections they hold.
#include "report/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "base/number.h"
#include "entries.h"

// 10.1.0.2 to 10.2.0.2 from port 1025 to port 80, answered.
static struct ct_entry
make_tcp(void)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1025, 80);

	entry.state = "ESTABLISHED";
	entry.status = CT_SEEN_REPLY | CT_ASSURED;
	entry.mark = 0x17;
	for (int dir = 0; dir < DIR_COUNT; dir++)
		entry.tuple[dir].zone = 3;
	return entry;
}

// fd01::2 to fd02::2 with identifier 9, type 128 and code 0, not answered.
static struct ct_entry
make_ping(void)
{
	struct ct_entry entry = entry_make(FAMILY_IPV6, PROTO_ICMPV6, 9, 128 << 8);

	entry.status = 0;
	return entry;
}

static struct ct_entry
make_gre(void)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_GRE, 100, 200);

	entry.status = CT_EXPECTED;
	return entry;
}

struct meaning {
	int line;
	const char *text;
	bool tcp, ping, gre;
};

#define M(...)                                                                                     \
	{                                                                                          \
		__LINE__, __VA_ARGS__                                                              \
	}

static const struct meaning meanings[] = {
	M("", true, true, true),
	M("proto=tcp", true, false, false),
	M("proto=58", false, true, false),
	M("family=ipv4", true, false, true),
	M("family=IPv6", false, true, false),
	M("src=10.1.0.2", true, false, true),
	M("orig-src=10.1.0.2", true, false, true),
	M("src=10.0.0.0/9", true, false, true),
	M("src=10.128.0.0/9", false, false, false),
	M("src=10.2.0.2", false, false, false),
	M("dst=10.2.0.0/16", true, false, true),
	M("orig-dst=10.2.0.0/16", true, false, true),
	M("reply-src=10.2.0.2", true, false, true),
	M("reply-src=10.1.0.2", false, false, false),
	M("reply-dst=10.1.0.2", true, false, true),
	M("src=::/0", false, true, false),
	M("reply-dst=fd01::/16", false, true, false),
	M("sport=1025", true, false, false),
	M("orig-port-src=1025", true, false, false),
	M("orig-port-dst=80", true, false, false),
	M("dport=80 sport=1025", true, false, false),
	M("reply-port-src=80", true, false, false),
	M("reply-port-dst=1025", true, false, false),
	M("reply-port-dst=80", false, false, false),
	M("sport=9", false, false, false),   // the identifier is no port
	M("sport=100", false, false, false), // nor is a key
	M("icmp-type=128", false, true, false),
	M("icmpv6-type=128", false, true, false),
	M("icmp-type=129", false, false, false),
	M("icmp-code=0", false, true, false),
	M("icmp-code=1", false, false, false),
	M("icmp-id=9", false, true, false),
	M("icmp-type=128 icmp-code=0 icmp-id=9", false, true, false),
	M("srckey=100", false, false, true),
	M("orig-key-src=0x64 orig-key-dst=200", false, false, true),
	M("dstkey=100", false, false, false),
	M("reply-key-src=200 reply-key-dst=100", false, false, true),
	M("state=established", true, false, false),
	M("state=ESTABLISH", false, false, false),
	M("status=ASSURED", true, false, false),
	M("status=assured,seen_reply", true, false, false),
	M("status=EXPECTED", false, false, true),
	M("status=UNREPLIED", false, true, true),
	M("status=UNSET", false, true, true),
	M("status=UNREPLIED,EXPECTED", false, false, true),
	M("mark=23", true, false, false),
	M("mark=0x10/0xf0", true, false, false),
	M("mark=0/0x8", true, true, true),
	M("mark=0", false, true, true),
	M("zone=3", true, false, false),
	M("zone=0", false, true, true),
	M("zone=0  zone=3 ", true, false, false), // the last one counts
	M("src=10.1.0.2 src=10.1.0.3", false, false, false),
	M("src=10.1.0.3 src=10.1.0.0/24", true, false, true),
	M("proto=tcp icmp-id=9", false, false, false),
};

static void
a_filter_holds_for_what_it_says(void **state)
{
	const struct ct_entry tcp = make_tcp(), ping = make_ping(), gre = make_gre();

	(void)state;
	for (size_t i = 0; i < RTE_DIM(meanings); i++) {
		const struct meaning *meaning = &meanings[i];
		struct ct_filter filter = {0};
		char error[128] = "";

		if (filter_parse(meaning->text, &filter, error, sizeof(error)) != 0 ||
		    ct_filter_holds(&filter, &tcp) != meaning->tcp ||
		    ct_filter_holds(&filter, &ping) != meaning->ping ||
		    ct_filter_holds(&filter, &gre) != meaning->gre)
			fail_msg("line %d: \"%s\" %s", meaning->line, meaning->text, error);
	}
}

// Every mistake is reported, and earlier conditions stay.
static void
nonsense_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} refused[] = {
		{"colour=red", "colour: there is no such filter"},
		{"proto", "proto: NAME=VALUE is needed"},
		{"=6", ": there is no such filter"},
		{"proto=", "proto: a protocol's name or number is needed"},
		{"proto=256", "proto: a protocol's name or number is needed"},
		{"src=10.0.0.0/33", "src: an address or a prefix is needed"},
		{"src=10.0.0.1 dst=::1", "dst: another family was asked for before"},
		{"family=ipv6 reply-src=10.0.0.1",
		 "reply-src: another family was asked for before"},
		{"family=ip", "family: ipv4 or ipv6 is needed"},
		{"reply-port-src=65536", "reply-port-src: a port, 0 to 65535, is needed"},
		{"icmp-type=256", "icmp-type: a type, 0 to 255, is needed"},
		{"sport=1 icmp-type=8",
		 "icmp-type: what no protocol has beside it was asked for before"},
		{"status=ASSURED,", "status: ASSURED, SEEN_REPLY, EXPECTED, UNREPLIED or UNSET is "
				    "needed"},
		{"status=SEEN_REPLY,UNREPLIED", "status: ASSURED, SEEN_REPLY, EXPECTED, UNREPLIED "
						"or UNSET is needed"},
		{"state=A-B", "state: the name of a state is needed"},
		{"state=ABCDEFGHIJKLMNOPQRSTUVWX", "state: the name of a state is needed"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		struct ct_filter filter = {0};
		char error[128];

		assert_int_equal(filter_parse(refused[i].text, &filter, error, sizeof(error)), -1);
		assert_string_equal(error, refused[i].error);
	}
}

static void
no_text_is_too_long_to_be_refused(void **state)
{
	char text[2000], error[16];

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		struct ct_filter filter = {0};

		memset(text, '0', len);
		memcpy(text, "mark=", RTE_MIN(len, (size_t)5));
		text[len] = '\0';
		assert_int_equal(filter_parse(text, &filter, error, sizeof(error)),
				 len < strlen("mark=0") || len > strlen("mark=") + NUMBER_DIGITS_MAX
					 ? -1
					 : 0);
	}
}

// Every key is known by all of its names, and no name is two keys'.
static void
names_are_not_ambiguous(void **state)
{
	const char *names[128];
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < filter_n_keys(); i++) {
		const struct filter_key *key = filter_key(i);

		names[n++] = key->name;
		for (unsigned int a = 0; a < FILTER_ALIASES && key->aliases[a] != NULL; a++)
			names[n++] = key->aliases[a];
	}
	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(names[i], names[k]);
	}
}

static void
only_nothing_is_empty(void **state)
{
	struct ct_filter filter = {0};
	char error[64];

	(void)state;
	assert_true(filter_is_empty(&filter));
	assert_int_equal(filter_parse("mark=0/0", &filter, error, sizeof(error)), 0);
	assert_true(filter_is_empty(&filter)); // it holds for every connection
	assert_int_equal(filter_parse("zone=0", &filter, error, sizeof(error)), 0);
	assert_false(filter_is_empty(&filter));
}

static void
a_whole_tuple_names_a_connection(void **state)
{
	static const struct {
		const char *text, *error;
	} tuples[] = {
		{"proto=tcp src=10.1.0.2 dst=10.2.0.2 sport=1025 dport=80 zone=3", NULL},
		{"proto=tcp reply-src=10.1.0.2 reply-dst=10.2.0.2 reply-port-src=1025 "
		 "reply-port-dst=80 zone=3",
		 NULL},
		{"proto=tcp src=10.1.0.2 dst=10.2.0.2 sport=1025",
		 "a source and a destination port are needed as well"},
		{"proto=tcp src=10.1.0.2/31 dst=10.2.0.2 sport=1025 dport=80",
		 "a protocol, source and destination are needed"},
		{"src=10.1.0.2 dst=10.2.0.2", "a protocol, source and destination are needed"},
		{"proto=icmp src=10.1.0.2 dst=10.2.0.2 icmp-type=8 icmp-id=1",
		 "a type, a code and an identifier are needed as well"},
		{"proto=gre src=10.1.0.2 dst=10.2.0.2 srckey=1",
		 "a source and a destination key are needed as well"},
		{"proto=icmp src=10.1.0.2 dst=10.2.0.2 sport=8 dport=1",
		 "the protocol has none of the fields that are asked for"},
		{"proto=esp src=10.1.0.2 dst=10.2.0.2 mark=0",
		 "a connection is named by its tuple alone, without mark, status and state"},
	};
	struct tuple wanted = make_tcp().tuple[DIR_ORIG];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(tuples); i++) {
		struct ct_filter filter = {0};
		struct tuple tuple;
		const char *error;
		char text[128];

		assert_int_equal(filter_parse(tuples[i].text, &filter, text, sizeof(text)), 0);
		error = filter_tuple(&filter, &tuple);
		if (tuples[i].error != NULL)
			assert_string_equal(error, tuples[i].error);
		else
			assert_true(error == NULL && tuple_equal(&tuple, &wanted));
	}
}

static void
icmp_and_others_have_tuples_of_their_own(void **state)
{
	struct ct_filter filter = {0}, plain = {0};
	struct tuple wanted = make_ping().tuple[DIR_ORIG];
	struct tuple tuple;
	char text[128];

	(void)state;
	assert_int_equal(filter_parse("proto=icmpv6 src=fd01::2 dst=fd02::2 icmp-type=128 "
				      "icmp-code=0 icmp-id=9",
				      &filter, text, sizeof(text)),
			 0);
	assert_null(filter_tuple(&filter, &tuple));
	assert_true(tuple_equal(&tuple, &wanted));
	assert_int_equal(
		filter_parse("proto=esp src=fd01::2 dst=fd02::2", &plain, text, sizeof(text)), 0);
	assert_null(filter_tuple(&plain, &tuple));
	wanted.proto = PROTO_ESP;
	wanted.src_field = wanted.dst_field = 0;
	assert_true(tuple_equal(&tuple, &wanted));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_holds_for_what_it_says),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(no_text_is_too_long_to_be_refused),
		cmocka_unit_test(names_are_not_ambiguous),
		cmocka_unit_test(only_nothing_is_empty),
		cmocka_unit_test(a_whole_tuple_names_a_connection),
		cmocka_unit_test(icmp_and_others_have_tuples_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
