// SPDX-License-Identifier: BSD-3-Clause
//
// The JSON that other programs read: members, their order and their types.
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "entries.h"

#define assert_json(entry, expected) check_json(entry, expected, __LINE__)

static void
check_json(const struct ct_entry *entry, const char *expected, int line)
{
	char text[REPORT_TEXT_SIZE];
	size_t len = report_entry_json(entry, text);

	_assert_string_equal(text, expected, __FILE__, line);
	_assert_int_equal(len, strlen(expected), __FILE__, line);
}

static void
an_entry_has_the_members_of_the_table(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1025, 80);

	(void)state;
	entry.state = "ESTABLISHED";
	entry.timeout_sec = 431999;
	entry.status = CT_SEEN_REPLY | CT_ASSURED;
	entry.has_counters = true;
	entry.packets[DIR_ORIG] = 3;
	entry.octets[DIR_ORIG] = 180;
	entry.packets[DIR_REPLY] = 2;
	entry.octets[DIR_REPLY] = 120;
	entry.id = 17;
	assert_json(&entry,
		    "{\"proto\": \"tcp\", \"protonum\": 6, \"state\": \"ESTABLISHED\", "
		    "\"timeout\": 431999, "
		    "\"orig\": {\"src\": \"10.1.0.2\", \"dst\": \"10.2.0.2\", \"sport\": 1025, "
		    "\"dport\": 80, \"packets\": 3, \"bytes\": 180}, "
		    "\"reply\": {\"src\": \"10.2.0.2\", \"dst\": \"10.1.0.2\", \"sport\": 80, "
		    "\"dport\": 1025, \"packets\": 2, \"bytes\": 120}, "
		    "\"seen_reply\": true, \"assured\": true, \"mark\": 0, \"zone\": 0, "
		    "\"worker\": 0, \"conn\": 17}");
}

// ICMP has type, code and id in place of ports, GRE its keys, other protocols neither; the state is
// null for protocols without one.
static void
protocols_have_members_of_their_own(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV6, PROTO_ICMPV6, 9, 128 << 8 | 3);

	(void)state;
	entry.status = 0;
	entry.worker = 2;
	assert_json(&entry,
		    "{\"proto\": \"icmpv6\", \"protonum\": 58, \"state\": null, \"timeout\": 30, "
		    "\"orig\": {\"src\": \"fd01::2\", \"dst\": \"fd02::2\", \"type\": 128, "
		    "\"code\": 3, \"id\": 9}, "
		    "\"reply\": {\"src\": \"fd02::2\", \"dst\": \"fd01::2\", \"type\": 129, "
		    "\"code\": 3, \"id\": 9}, "
		    "\"seen_reply\": false, \"assured\": false, \"mark\": 0, \"zone\": 0, "
		    "\"worker\": 2, \"conn\": 0}");

	entry = entry_make(FAMILY_IPV4, PROTO_GRE, 0, 7);
	entry.helper = CT_HELPER_FTP;
	entry.mark = 5;
	entry.tuple[DIR_ORIG].zone = 6;
	assert_json(&entry,
		    "{\"proto\": \"gre\", \"protonum\": 47, \"state\": null, \"timeout\": 30, "
		    "\"orig\": {\"src\": \"10.1.0.2\", \"dst\": \"10.2.0.2\", \"srckey\": 0, "
		    "\"dstkey\": 7}, "
		    "\"reply\": {\"src\": \"10.2.0.2\", \"dst\": \"10.1.0.2\", \"srckey\": 7, "
		    "\"dstkey\": 0}, "
		    "\"seen_reply\": true, \"assured\": false, \"mark\": 5, \"zone\": 6, "
		    "\"helper\": \"ftp\", \"worker\": 0, \"conn\": 0}");

	entry = entry_make(FAMILY_IPV4, 253, 0, 0);
	assert_json(&entry,
		    "{\"proto\": \"unknown\", \"protonum\": 253, \"state\": null, \"timeout\": 30, "
		    "\"orig\": {\"src\": \"10.1.0.2\", \"dst\": \"10.2.0.2\"}, "
		    "\"reply\": {\"src\": \"10.2.0.2\", \"dst\": \"10.1.0.2\"}, "
		    "\"seen_reply\": true, \"assured\": false, \"mark\": 0, \"zone\": 0, "
		    "\"worker\": 0, \"conn\": 0}");
}

// An event is a time and a kind, then the entry. The time keeps its microseconds.
static void
an_event_has_time_and_kind_before_the_entry(void **state)
{
	static const struct {
		enum ct_event_type type;
		const char *name;
	} types[] = {
		{CT_EVENT_NEW, "new"},
		{CT_EVENT_UPDATE, "update"},
		{CT_EVENT_DESTROY, "destroy"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct ct_event event = {
			.entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2),
			.type = (uint8_t)types[i].type,
			.time_ns = UINT64_C(1700000000123456000),
		};
		char text[REPORT_TEXT_SIZE], entry[REPORT_TEXT_SIZE],
			expected[2 * REPORT_TEXT_SIZE];
		size_t len = report_event_json(&event, text);

		report_entry_json(&event.entry, entry);
		snprintf(expected, sizeof(expected),
			 "{\"ts\": 1700000000.123456, \"event\": \"%s\", %s", types[i].name,
			 entry + 1);
		assert_string_equal(text, expected);
		assert_int_equal(len, strlen(expected));
	}
}

// As the verdict lines of replay print them, which jansson writes: with a fraction in any case.
static void
times_are_printed_with_their_microseconds(void **state)
{
	static const struct {
		uint64_t time_ns;
		const char *text;
	} times[] = {
		{UINT64_C(1700000000000001000), "{\"ts\": 1700000000.000001, "},
		{UINT64_C(1700000000500000000), "{\"ts\": 1700000000.5, "},
		{UINT64_C(1700000000000000000), "{\"ts\": 1700000000.0, "},
		{0, "{\"ts\": 0.0, "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const struct ct_event event = {
			.entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2),
			.type = CT_EVENT_NEW,
			.time_ns = times[i].time_ns,
		};
		char text[REPORT_TEXT_SIZE];

		report_event_json(&event, text);
		assert_memory_equal(text, times[i].text, strlen(times[i].text));
	}
}

// Only a connection that has ended has a reason for that.
static void
a_destroy_event_says_why(void **state)
{
	struct ct_event event = {
		.entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2),
		.type = CT_EVENT_DESTROY,
		.end = CT_END_DELETED,
	};
	char text[REPORT_TEXT_SIZE];

	(void)state;
	report_event_json(&event, text);
	assert_non_null(strstr(text, "\"event\": \"destroy\", \"reason\": \"deleted\", \"proto\""));
	event.type = CT_EVENT_UPDATE;
	report_event_json(&event, text);
	assert_null(strstr(text, "reason"));
}

// Every number as large as it can be, addresses that cannot be shortened, a state that is cut.
static void
the_longest_text_has_room(void **state)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_ICMPV6, PROTO_UDPLITE, PROTO_GRE, 253};

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct ct_event event = {.entry = entry_make_longest(protos[i]),
					 .time_ns = UINT64_MAX};
		char text[REPORT_TEXT_SIZE];

		assert_in_range(report_entry_json(&event.entry, text), 500, REPORT_TEXT_SIZE - 1);
		assert_non_null(strstr(text, "\"state\": \"SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS\", "));
		assert_in_range(report_event_json(&event, text), 500, REPORT_TEXT_SIZE - 1);
		assert_in_range(report_entry_line(&event.entry, text), 400, REPORT_TEXT_SIZE - 1);
		assert_in_range(report_event_line(&event, text), 400, REPORT_TEXT_SIZE - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_the_members_of_the_table),
		cmocka_unit_test(protocols_have_members_of_their_own),
		cmocka_unit_test(an_event_has_time_and_kind_before_the_entry),
		cmocka_unit_test(times_are_printed_with_their_microseconds),
		cmocka_unit_test(a_destroy_event_says_why),
		cmocka_unit_test(the_longest_text_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
