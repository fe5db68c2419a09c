// SPDX-License-Identifier: BSD-3-Clause
//
// Lines as conntrack-tools 1.4.7 prints them: conntrack -L and conntrack -E of a Linux 6.18 kernel,
// verbatim.
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "entries.h"

#define assert_line(entry, expected) check_line(entry, expected, __LINE__)

static void
check_line(const struct ct_entry *entry, const char *expected, int line)
{
	char text[REPORT_TEXT_SIZE];
	size_t len = report_entry_line(entry, text);

	_assert_int_equal(len, strlen(text), __FILE__, line);
	_assert_int_equal(text[len - 1], '\n', __FILE__, line);
	text[len - 1] = '\0';
	_assert_string_equal(text, expected, __FILE__, line);
}

#define assert_event_line(type, entry, expected) check_event_line(type, entry, expected, __LINE__)

static void
check_event_line(enum ct_event_type type, const struct ct_entry *entry, const char *expected,
		 int line)
{
	const struct ct_event event = {.entry = *entry, .type = (uint8_t)type};
	char text[REPORT_TEXT_SIZE];
	size_t len = report_event_line(&event, text);

	_assert_int_equal(len, strlen(text), __FILE__, line);
	_assert_int_equal(text[len - 1], '\n', __FILE__, line);
	text[len - 1] = '\0';
	_assert_string_equal(text, expected, __FILE__, line);
}

static void
a_listing_has_the_lines_of_conntrack(void **state)
{
	struct ct_entry entry;

	(void)state;
	entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1000, 80);
	entry.state = "ESTABLISHED";
	entry.timeout_sec = 431999;
	entry.status |= CT_ASSURED;
	assert_line(&entry, "tcp      6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=1000 "
			    "dport=80 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=1000 [ASSURED] "
			    "mark=0 use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_UDP, 5000, 53);
	entry.timeout_sec = 29;
	entry.status = 0;
	assert_line(&entry, "udp      17 29 src=10.1.0.2 dst=10.2.0.2 sport=5000 dport=53 "
			    "[UNREPLIED] src=10.2.0.2 dst=10.1.0.2 sport=53 dport=5000 mark=0 "
			    "use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_ICMP, 9, 8 << 8);
	entry.timeout_sec = 29;
	assert_line(&entry, "icmp     1 29 src=10.1.0.2 dst=10.2.0.2 type=8 code=0 id=9 "
			    "src=10.2.0.2 dst=10.1.0.2 type=0 code=0 id=9 mark=0 use=1");

	entry = entry_make(FAMILY_IPV6, PROTO_ICMPV6, 9, 128 << 8);
	entry.timeout_sec = 29;
	assert_line(&entry, "icmpv6   58 29 src=fd01::2 dst=fd02::2 type=128 code=0 id=9 "
			    "src=fd02::2 dst=fd01::2 type=129 code=0 id=9 mark=0 use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_GRE, 0, 0);
	entry.timeout_sec = 179;
	entry.status |= CT_ASSURED;
	assert_line(&entry, "gre      47 179 src=10.1.0.2 dst=10.2.0.2 srckey=0x0 dstkey=0x0 "
			    "src=10.2.0.2 dst=10.1.0.2 srckey=0x0 dstkey=0x0 [ASSURED] mark=0 "
			    "use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_SCTP, 100, 200);
	entry.state = "ESTABLISHED";
	entry.timeout_sec = 209;
	entry.status |= CT_ASSURED;
	assert_line(&entry, "sctp     132 209 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=100 "
			    "dport=200 src=10.2.0.2 dst=10.1.0.2 sport=200 dport=100 [ASSURED] "
			    "mark=0 use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_ESP, 0, 0);
	entry.timeout_sec = 599;
	entry.status = 0;
	assert_line(&entry, "unknown  50 599 src=10.1.0.2 dst=10.2.0.2 [UNREPLIED] "
			    "src=10.2.0.2 dst=10.1.0.2 mark=0 use=1");
}

static void
a_listing_has_what_only_some_connections_have(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1000, 80);

	(void)state;
	entry.state = "ESTABLISHED";
	entry.timeout_sec = 299;
	entry.status |= CT_ASSURED;
	entry.has_counters = true;
	entry.packets[DIR_ORIG] = 3;
	entry.octets[DIR_ORIG] = 220;
	entry.packets[DIR_REPLY] = 1;
	entry.octets[DIR_REPLY] = 40;
	assert_line(&entry, "tcp      6 299 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=1000 "
			    "dport=80 packets=3 bytes=220 src=10.2.0.2 dst=10.1.0.2 sport=80 "
			    "dport=1000 packets=1 bytes=40 [ASSURED] mark=0 use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_TCP, 4000, 21);
	entry.state = "ESTABLISHED";
	entry.timeout_sec = 431999;
	entry.status |= CT_ASSURED;
	entry.helper = CT_HELPER_FTP;
	assert_line(&entry, "tcp      6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=4000 "
			    "dport=21 src=10.2.0.2 dst=10.1.0.2 sport=21 dport=4000 [ASSURED] "
			    "mark=0 helper=ftp use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_UDP, 5000, 53);
	entry.mark = UINT32_MAX;
	entry.tuple[DIR_ORIG].zone = entry.tuple[DIR_REPLY].zone = 65535;
	entry.has_counters = true;
	entry.octets[DIR_ORIG] = UINT64_C(1) << 40;
	assert_line(&entry,
		    "udp      17 30 src=10.1.0.2 dst=10.2.0.2 sport=5000 dport=53 packets=0 "
		    "bytes=1099511627776 src=10.2.0.2 dst=10.1.0.2 sport=53 dport=5000 "
		    "packets=0 bytes=0 mark=4294967295 zone=65535 use=1");

	entry = entry_make(FAMILY_IPV4, PROTO_GRE, 0, 0xbeef);
	assert_line(&entry, "gre      47 30 src=10.1.0.2 dst=10.2.0.2 srckey=0x0 dstkey=0xbeef "
			    "src=10.2.0.2 dst=10.1.0.2 srckey=0xbeef dstkey=0x0 mark=0 use=1");
}

static void
events_have_the_lines_of_conntrack(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1000, 80);

	(void)state;
	entry.state = "SYN_SENT";
	entry.timeout_sec = 120;
	entry.status = 0;
	assert_event_line(CT_EVENT_NEW, &entry,
			  "    [NEW] tcp      6 120 SYN_SENT src=10.1.0.2 dst=10.2.0.2 sport=1000 "
			  "dport=80 [UNREPLIED] src=10.2.0.2 dst=10.1.0.2 sport=80 dport=1000");

	entry.state = "SYN_RECV";
	entry.timeout_sec = 60;
	entry.status = CT_SEEN_REPLY;
	assert_event_line(CT_EVENT_UPDATE, &entry,
			  " [UPDATE] tcp      6 60 SYN_RECV src=10.1.0.2 dst=10.2.0.2 sport=1000 "
			  "dport=80 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=1000");

	entry.state = "ESTABLISHED";
	entry.timeout_sec = 432000;
	entry.status = CT_SEEN_REPLY | CT_ASSURED;
	assert_event_line(CT_EVENT_UPDATE, &entry,
			  " [UPDATE] tcp      6 432000 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 "
			  "sport=1000 dport=80 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=1000 "
			  "[ASSURED]");

	entry.state = "TIME_WAIT";
	entry.timeout_sec = 119;
	assert_event_line(CT_EVENT_DESTROY, &entry,
			  "[DESTROY] tcp      6 119 TIME_WAIT src=10.1.0.2 dst=10.2.0.2 sport=1000 "
			  "dport=80 src=10.2.0.2 dst=10.1.0.2 sport=80 dport=1000 [ASSURED]");

	// What expired by itself has no seconds left.
	entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2);
	entry.timeout_sec = 0;
	entry.status = 0;
	assert_event_line(CT_EVENT_DESTROY, &entry,
			  "[DESTROY] udp      17 src=10.1.0.2 dst=10.2.0.2 sport=1 dport=2 "
			  "[UNREPLIED] src=10.2.0.2 dst=10.1.0.2 sport=2 dport=1");
}

// Counters come with the end only, a mark when there is one, a helper before the end.
static void
events_have_what_only_some_of_them_have(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_UDP, 1, 2);

	(void)state;
	entry.has_counters = true;
	entry.packets[DIR_ORIG] = 2;
	entry.octets[DIR_ORIG] = 56;
	entry.mark = 7;
	entry.helper = CT_HELPER_TFTP;
	assert_event_line(CT_EVENT_NEW, &entry,
			  "    [NEW] udp      17 30 src=10.1.0.2 dst=10.2.0.2 sport=1 dport=2 "
			  "src=10.2.0.2 dst=10.1.0.2 sport=2 dport=1 mark=7 helper=tftp");
	entry.timeout_sec = 0;
	assert_event_line(
		CT_EVENT_DESTROY, &entry,
		"[DESTROY] udp      17 src=10.1.0.2 dst=10.2.0.2 sport=1 dport=2 packets=2 "
		"bytes=56 src=10.2.0.2 dst=10.1.0.2 sport=2 dport=1 packets=0 bytes=0 "
		"mark=7");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listing_has_the_lines_of_conntrack),
		cmocka_unit_test(a_listing_has_what_only_some_connections_have),
		cmocka_unit_test(events_have_the_lines_of_conntrack),
		cmocka_unit_test(events_have_what_only_some_of_them_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
