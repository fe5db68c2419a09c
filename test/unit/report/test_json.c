// SPDX-License-Identifier: BSD-3-Clause
//
// The JSON that other programs read: members, their order and their types.
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "entries.h"

#define assert_json(json, expected) check_json(json, expected, __LINE__)

// Compares the text and gives the object back.
static void
check_json(json_t *json, const char *expected, int line)
{
	char *text = json_dumps(json, REPORT_JSON_FLAGS);

	assert_non_null(text);
	_assert_string_equal(text, expected, __FILE__, line);
	free(text);
	json_decref(json);
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
	assert_json(report_entry(&entry),
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
	assert_json(report_entry(&entry),
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
	assert_json(report_entry(&entry),
		    "{\"proto\": \"gre\", \"protonum\": 47, \"state\": null, \"timeout\": 30, "
		    "\"orig\": {\"src\": \"10.1.0.2\", \"dst\": \"10.2.0.2\", \"srckey\": 0, "
		    "\"dstkey\": 7}, "
		    "\"reply\": {\"src\": \"10.2.0.2\", \"dst\": \"10.1.0.2\", \"srckey\": 7, "
		    "\"dstkey\": 0}, "
		    "\"seen_reply\": true, \"assured\": false, \"mark\": 5, \"zone\": 6, "
		    "\"helper\": \"ftp\", \"worker\": 0, \"conn\": 0}");

	entry = entry_make(FAMILY_IPV4, 253, 0, 0);
	assert_json(report_entry(&entry),
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
		json_t *json = report_event(&event);
		json_t *entry = report_entry(&event.entry);
		const char *key;
		json_t *value;

		assert_string_equal(json_string_value(json_object_get(json, "event")),
				    types[i].name);
		assert_true(json_real_value(json_object_get(json, "ts")) == 1700000000.123456);
		assert_int_equal(json_object_size(json), json_object_size(entry) + 2);
		json_object_foreach(entry, key, value)
			assert_true(json_equal(json_object_get(json, key), value));
		json_decref(entry);
		json_decref(json);
	}
}

static void
times_are_printed_with_their_microseconds(void **state)
{
	const struct ct_event event = {
		.entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2),
		.type = CT_EVENT_NEW,
		.time_ns = UINT64_C(1700000000000001000),
	};
	json_t *json = report_event(&event);
	char *text = json_dumps(json, REPORT_JSON_FLAGS);

	(void)state;
	assert_non_null(strstr(text, "\"ts\": 1700000000.000001,"));
	free(text);
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_the_members_of_the_table),
		cmocka_unit_test(protocols_have_members_of_their_own),
		cmocka_unit_test(an_event_has_time_and_kind_before_the_entry),
		cmocka_unit_test(times_are_printed_with_their_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
