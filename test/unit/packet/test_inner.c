// SPDX-License-Identifier: BSD-3-Clause
//
// The packet quoted inside an ICMP error: its tuple, as its sender wrote it, and its home.
#include "packet/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"
#include "util/mbuf.h"

// The inner tuple in the words of fixture_describe, without offsets.
static const char *
describe_inner(enum fault fault, const struct tuple *inner, char *text)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	if (fault != FAULT_NONE)
		sprintf(text, "%s", fault_name(fault));
	else
		sprintf(text, "%u %s %u > %s %u", inner->proto,
			address_format(inner->family, &inner->src, src), inner->src_field,
			address_format(inner->family, &inner->dst, dst), inner->dst_field);
	return text;
}

#define assert_inner(frame, expected) check_inner(frame, expected, __LINE__)

static void
check_inner(const struct frame *frame, const char *expected, int line)
{
	char text[DESCRIPTION_MAX];
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	struct pkt pkt = fixture_parse(mbuf);
	struct tuple inner;
	enum fault fault;

	_assert_true(icmp_is_error(&pkt), "icmp_is_error", __FILE__, line);
	fault = packet_parse_inner(&pkt, &inner);
	_assert_string_equal(describe_inner(fault, &inner, text), expected, __FILE__, line);
	rte_pktmbuf_free(mbuf);
}

// A router's "fragmentation needed", and what stands behind it.
static void
begin_error4(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, "203.0.113.9", "192.0.2.1");
	frame_icmp(frame, 3, 4, 0);
}

static void
begin_error6(struct frame *frame, uint8_t type)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, "2001:db8:9::9", "2001:db8::1");
	frame_icmp(frame, type, 0, 0);
}

static void
quotes_of_ipv4_are_read(void **state)
{
	static const uint8_t options[8] = {1, 1, 1, 1};
	struct frame frame;

	(void)state;
	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_tcp(&frame, &(struct frame_tcp){1025, 80, TH_ACK, 1, 2, 3});
	frame_end(&frame);
	assert_inner(&frame, "6 192.0.2.1 1025 > 198.51.100.2 80");

	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_options(&frame, options, sizeof(options));
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	assert_inner(&frame, "17 192.0.2.1 1025 > 198.51.100.2 53");

	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_icmp(&frame, 8, 0, 9);
	frame_end(&frame);
	assert_inner(&frame, "1 192.0.2.1 9 > 198.51.100.2 2048");

	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_gre(&frame, 0x3001, 0x880b, 7);
	frame_end(&frame);
	assert_inner(&frame, "47 192.0.2.1 0 > 198.51.100.2 7");

	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_proto(&frame, PROTO_ESP, 8);
	frame_end(&frame);
	assert_inner(&frame, "50 192.0.2.1 0 > 198.51.100.2 0");
}

// A router quotes 8 bytes behind the IP header (RFC 792): the length and the checksums inside the
// quotation are those of a packet that is not here.
static void
a_short_quote_is_enough(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	begin_error4(&frame);
	ip = frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	ip[2] = 0x05; // 1500 bytes
	ip[3] = 0xdc;
	ip[10] = 0xba; // and a checksum that is wrong
	ip[11] = 0xad;
	frame_tcp(&frame, &(struct frame_tcp){1025, 80, TH_ACK, 1, 2, 3});
	frame_end(&frame);
	frame_shorten_ip(&frame, 20 + 8 + 20 + 8);
	assert_inner(&frame, "6 192.0.2.1 1025 > 198.51.100.2 80");
	frame_shorten_ip(&frame, 20 + 8 + 20 + 4); // the ports alone
	assert_inner(&frame, "6 192.0.2.1 1025 > 198.51.100.2 80");
	frame_shorten_ip(&frame, 20 + 8 + 20 + 3);
	assert_inner(&frame, "icmp_inner");
}

static void
a_quote_cut_anywhere_is_a_fault_until_it_is_enough(void **state)
{
	struct frame frame;

	(void)state;
	begin_error4(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_icmp(&frame, 8, 0, 9);
	frame_end(&frame);
	for (uint32_t len = 20 + 8 + 20 + 8; len >= 20 + 8; len--) {
		frame_shorten_ip(&frame, len);
		assert_inner(&frame, len < 20 + 8 + 20 + 8 ? "icmp_inner"
							   : "1 192.0.2.1 9 > 198.51.100.2 2048");
	}

	begin_error6(&frame, 2);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 0, 16);
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	for (uint32_t len = 40 + 8 + 40 + 16 + 8; len >= 40 + 8; len--) {
		frame_shorten_ip(&frame, len);
		assert_inner(&frame, len < 40 + 8 + 40 + 16 + 4
					     ? "icmp_inner"
					     : "17 2001:db8::1 1025 > 2001:db8::2 53");
	}
}

// What leads on has to be there of an extension header, also of one that would be malformed in a
// packet.
static void
a_quote_may_end_within_an_extension_header(void **state)
{
	static const struct {
		uint8_t proto;
		uint32_t needed;
	} extensions[] = {{0, 2}, {43, 2}, {51, 2}, {60, 2}, {44, 4}};
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(extensions); i++) {
		begin_error6(&frame, 2);
		frame_ip(&frame, "2001:db8::1", "2001:db8::2");
		if (extensions[i].proto == 44)
			frame_fragment(&frame, 0, false);
		else
			frame_extension(&frame, extensions[i].proto, 8);
		frame_proto(&frame, PROTO_ESP, 8);
		frame_end(&frame);
		for (uint32_t len = 16; len-- > 0;) {
			frame_shorten_ip(&frame, 40 + 8 + 40 + len);
			assert_inner(&frame, len < extensions[i].needed
						     ? "icmp_inner"
						     : "50 2001:db8::1 0 > 2001:db8::2 0");
		}
	}
}

static void
a_first_fragment_may_be_quoted_a_later_one_not(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	for (int later = 0; later <= 1; later++) {
		begin_error4(&frame);
		ip = frame_ip(&frame, "192.0.2.1", "198.51.100.2");
		ip[6] = 0x20;
		ip[7] = (uint8_t)later;
		frame_udp(&frame, 1025, 53);
		frame_end(&frame);
		assert_inner(&frame, later ? "icmp_inner" : "17 192.0.2.1 1025 > 198.51.100.2 53");

		begin_error6(&frame, 2);
		frame_ip(&frame, "2001:db8::1", "2001:db8::2");
		frame_fragment(&frame, later ? 8 : 0, true);
		frame_udp(&frame, 1025, 53);
		frame_end(&frame);
		assert_inner(&frame, later ? "icmp_inner" : "17 2001:db8::1 1025 > 2001:db8::2 53");
	}
}

// Extension headers that only IPv6 has, and what must not be quoted.
static void
quotes_of_ipv6_are_read(void **state)
{
	struct frame frame;

	(void)state;
	begin_error6(&frame, 1);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 0, 8);
	frame_extension(&frame, 60, 8);
	frame_tcp(&frame, &(struct frame_tcp){1025, 80, TH_ACK, 1, 2, 3});
	frame_end(&frame);
	assert_inner(&frame, "6 2001:db8::1 1025 > 2001:db8::2 80");

	begin_error6(&frame, 1);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_proto(&frame, PROTO_NONE, 8);
	frame_end(&frame);
	assert_inner(&frame, "icmp_inner");

	begin_error6(&frame, 1);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_proto(&frame, PROTO_ICMP, 8); // of the other family
	frame_end(&frame);
	assert_inner(&frame, "icmp_inner");
}

// A redirect has target and destination before its options; only a "redirected header" that comes
// first is a quotation (RFC 4861, 4.6.3).
static void
a_redirect_of_ipv6_quotes_in_an_option(void **state)
{
	static const struct {
		uint8_t type, len;
		const char *expected;
	} options[] = {
		{4, 7, "17 2001:db8::1 1025 > 2001:db8::2 53"},
		{4, 0, "icmp_inner"},
		{2, 7, "icmp_inner"},
	};
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(options); i++) {
		uint8_t *option;

		begin_error6(&frame, 137);
		frame_data(&frame, 32);
		option = frame_proto(&frame, 0, 8);
		option[0] = options[i].type;
		option[1] = options[i].len;
		frame_ip(&frame, "2001:db8::1", "2001:db8::2");
		frame_udp(&frame, 1025, 53);
		frame_end(&frame);
		assert_inner(&frame, options[i].expected);
	}
	// Cut before the option, and inside it.
	for (uint32_t len = 40 + 40; len < 40 + 40 + 8 + 40 + 4; len++) {
		frame_shorten_ip(&frame, len);
		assert_inner(&frame, "icmp_inner");
	}
}

static void
errors_are_those_of_the_specification(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		struct pkt pkt = {.family = FAMILY_IPV4, .has_tuple = true};

		pkt.icmp_type = (uint8_t)type;
		pkt.tuple.proto = PROTO_ICMP;
		assert_int_equal(icmp_is_error(&pkt),
				 type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
		pkt.family = FAMILY_IPV6;
		assert_false(icmp_is_error(&pkt));
		pkt.tuple.proto = PROTO_ICMPV6;
		assert_int_equal(icmp_is_error(&pkt), type < 128 || type == 137);
		pkt.has_tuple = false;
		assert_false(icmp_is_error(&pkt));
	}
}

static uint32_t
home_of(const struct frame *frame)
{
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	struct pkt pkt = fixture_parse(mbuf);
	uint32_t home = packet_home(&pkt, fixture_secret());

	rte_pktmbuf_free(mbuf);
	return home;
}

// Whoever sends the error, about whichever direction: it goes where the flow is.
static void
an_error_has_the_home_of_its_flow(void **state)
{
	static const char *const hosts[2][3] = {
		{"192.0.2.1", "198.51.100.2", "203.0.113.9"},
		{"2001:db8::1", "2001:db8::2", "2001:db8:9::9"},
	};

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (int back = 0; back <= 1; back++) {
			const char *src = hosts[v6][back], *dst = hosts[v6][!back];
			struct frame flow, error;

			frame_begin(&flow);
			frame_ethernet(&flow);
			frame_ip(&flow, src, dst);
			frame_udp(&flow, 1025, 53);
			frame_end(&flow);

			frame_begin(&error);
			frame_ethernet(&error);
			frame_ip(&error, hosts[v6][2], src);
			frame_icmp(&error, v6 ? 1 : 3, 0, 0);
			frame_ip(&error, src, dst);
			frame_udp(&error, 1025, 53);
			frame_end(&error);
			assert_int_equal(home_of(&error), home_of(&flow));

			// Without a quotation it has the home of its own addresses.
			frame_shorten_ip(&error, (v6 ? 40 : 20) + 8);
			assert_int_not_equal(home_of(&error), home_of(&flow));
		}
	}
}

// Fragments know no ports, and go where the rest of their flow is all the same.
static void
fragments_have_the_home_of_their_flow(void **state)
{
	struct frame whole, fragment;

	(void)state;
	frame_begin(&whole);
	frame_ethernet(&whole);
	frame_ip(&whole, "192.0.2.1", "198.51.100.2");
	frame_udp(&whole, 1025, 53);
	frame_end(&whole);
	frame_begin(&fragment);
	frame_ethernet(&fragment);
	frame_ip(&fragment, "192.0.2.1", "198.51.100.2")[7] = 1;
	frame_proto(&fragment, PROTO_UDP, 8);
	frame_end(&fragment);
	assert_int_equal(home_of(&fragment), home_of(&whole));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_of_ipv4_are_read),
		cmocka_unit_test(a_short_quote_is_enough),
		cmocka_unit_test(a_quote_cut_anywhere_is_a_fault_until_it_is_enough),
		cmocka_unit_test(a_quote_may_end_within_an_extension_header),
		cmocka_unit_test(a_first_fragment_may_be_quoted_a_later_one_not),
		cmocka_unit_test(quotes_of_ipv6_are_read),
		cmocka_unit_test(a_redirect_of_ipv6_quotes_in_an_option),
		cmocka_unit_test(errors_are_those_of_the_specification),
		cmocka_unit_test(an_error_has_the_home_of_its_flow),
		cmocka_unit_test(fragments_have_the_home_of_their_flow),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
