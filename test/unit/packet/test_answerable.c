// SPDX-License-Identifier: BSD-3-Clause
//
// Who may be answered: RFC 1122 (3.2.2), RFC 4443 (2.4), RFC 9293 (3.10.7.1), and what Linux does
// where they leave it open.
#include "packet/answerable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"
#include "util/mbuf.h"

static const char *
name(enum silence silence)
{
	return silence == SILENCE_SPEAKING ? "speaking" : silence_name(silence);
}

#define assert_silence(frame, is_reset, expected)                                                  \
	assert_string_equal(ask(frame, is_reset), expected)

static const char *
ask(const struct frame *frame, bool is_reset)
{
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	const struct pkt pkt = fixture_parse(mbuf);
	const char *silence = name(is_reset ? answerable_by_reset(&pkt) : answerable_by_icmp(&pkt));

	assert_int_not_equal(pkt.family, FAMILY_NONE);
	rte_pktmbuf_free(mbuf);
	return silence;
}

static void
build_tcp(struct frame *frame, const char *src, const char *dst, uint8_t flags)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, src, dst);
	frame_tcp(frame, &(struct frame_tcp){40000, 80, flags, 1, 2, 3});
	frame_data(frame, 5);
	frame_end(frame);
}

static void
build_udp(struct frame *frame, const char *src, const char *dst)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, src, dst);
	frame_udp(frame, 40000, 53);
	frame_data(frame, 5);
	frame_end(frame);
}

static void
build_icmp(struct frame *frame, bool is_ipv6, uint8_t type)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, is_ipv6 ? "2001:db8::1" : "192.0.2.1",
		 is_ipv6 ? "2001:db8::2" : "192.0.2.2");
	frame_icmp(frame, type, 0, 7);
	frame_data(frame, 48);
	frame_end(frame);
}

static void
a_reset_is_not_reset_but_quoted(void **state)
{
	struct frame frame;

	(void)state;
	build_tcp(&frame, "192.0.2.1", "192.0.2.2", TH_ACK);
	assert_silence(&frame, true, "speaking");
	build_tcp(&frame, "192.0.2.1", "192.0.2.2", TH_SYN | TH_RST);
	assert_silence(&frame, true, "rst");
	assert_silence(&frame, false, "speaking");
}

static void
addresses_are_those_of_one_host(void **state)
{
	static const struct {
		const char *src;
		const char *dst;
		const char *expected;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", "speaking"},
		{"127.0.0.1", "192.0.2.1", "speaking"},
		{"0.0.0.1", "192.0.2.1", "speaking"},
		{"240.0.0.1", "192.0.2.1", "speaking"},
		{"0.0.0.0", "192.0.2.1", "address"},
		{"224.0.0.1", "192.0.2.1", "address"},
		{"255.255.255.255", "192.0.2.1", "address"},
		{"192.0.2.1", "239.255.255.255", "address"},
		{"192.0.2.1", "255.255.255.255", "address"},
		{"192.0.2.1", "0.0.0.0", "address"},
		{"::1", "2001:db8::1", "speaking"},
		{"fe80::1", "2001:db8::1", "speaking"},
		{"::", "2001:db8::1", "address"},
		{"ff02::1", "2001:db8::1", "address"},
		{"2001:db8::1", "ff0e::5", "address"},
		{"2001:db8::1", "::", "address"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;

		print_message("%s > %s\n", cases[i].src, cases[i].dst);
		build_udp(&frame, cases[i].src, cases[i].dst);
		assert_silence(&frame, false, cases[i].expected);
		build_tcp(&frame, cases[i].src, cases[i].dst, TH_SYN);
		assert_silence(&frame, true, cases[i].expected);
	}
}

static void
frames_of_groups_are_not_answered(void **state)
{
	struct frame frame;

	(void)state;
	build_tcp(&frame, "192.0.2.1", "192.0.2.2", TH_SYN);
	frame.bytes[0] |= 1;
	assert_silence(&frame, true, "group_mac");
	assert_silence(&frame, false, "group_mac");
	frame.bytes[0] &= 0xfe;
	frame.bytes[6] |= 1;
	assert_silence(&frame, true, "group_mac");
}

static void
errors_are_not_answered_by_errors(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		const bool is_error = type == 3 || type == 4 || type == 5 || type == 9 ||
				      type == 10 || type == 11 || type == 12 || type > 18;
		struct frame frame;

		build_icmp(&frame, false, (uint8_t)type);
		assert_silence(&frame, false, is_error ? "icmp_error" : "speaking");
		build_icmp(&frame, true, (uint8_t)type);
		assert_silence(&frame, false, type < 128 ? "icmp_error" : "speaking");
	}
}

static void
an_error_is_found_behind_extension_headers(void **state)
{
	struct frame frame;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 60, 16);
	frame_icmp(&frame, 3, 0, 0);
	frame_data(&frame, 48);
	frame_end(&frame);
	assert_silence(&frame, false, "icmp_error");
}

// A reset without the header would not be believed; an error is another matter.
static void
nothing_authenticated_is_reset(void **state)
{
	struct frame frame;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 60, 8);
	frame_extension(&frame, 51, 24);
	frame_extension(&frame, 60, 16);
	frame_tcp(&frame, &(struct frame_tcp){40000, 80, TH_SYN, 1, 0, 3});
	frame_end(&frame);
	assert_silence(&frame, true, "authenticated");
	assert_silence(&frame, false, "speaking");
}

static void
what_is_too_short_is_not_answered(void **state)
{
	struct frame frame;

	(void)state;
	build_tcp(&frame, "192.0.2.1", "192.0.2.2", TH_SYN);
	frame_shorten_ip(&frame, 39);
	assert_silence(&frame, true, "short");
	build_icmp(&frame, false, 8);
	frame_shorten_ip(&frame, 20);
	assert_silence(&frame, false, "short");
	build_udp(&frame, "192.0.2.1", "192.0.2.2");
	frame_shorten_ip(&frame, 24);
	assert_silence(&frame, false, "checksum"); // nobody can say that it was right
}

static void
who_is_damaged_is_not_answered(void **state)
{
	struct frame frame;

	(void)state;
	build_tcp(&frame, "192.0.2.1", "192.0.2.2", TH_SYN);
	frame.bytes[frame.len - 1] ^= 1;
	assert_silence(&frame, true, "checksum");
	assert_silence(&frame, false, "checksum");
	build_udp(&frame, "2001:db8::1", "2001:db8::2");
	frame.bytes[frame.len - 1] ^= 1;
	assert_silence(&frame, false, "checksum");
	memset(frame.bytes + frame_off(&frame, FRAME_UDP, 0) + 6, 0, 2);
	assert_silence(&frame, false, "speaking"); // it has none
	build_icmp(&frame, false, 8);
	frame.bytes[frame.len - 1] ^= 1;
	assert_silence(&frame, false, "checksum");
}

// Linux takes what stands behind IP for something with an Internet checksum, unless it knows
// better.
static void
unknown_protocols_have_to_sum_up(void **state)
{
	static const struct {
		uint8_t proto;
		const char *expected;
	} cases[] = {
		{PROTO_GRE, "speaking"},  {PROTO_ESP, "speaking"},     {PROTO_AH, "speaking"},
		{PROTO_SCTP, "speaking"}, {PROTO_UDPLITE, "speaking"}, {253, "checksum"},
		{4, "checksum"},          {PROTO_DCCP, "checksum"},
	};
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		frame_begin(&frame);
		frame_ethernet(&frame);
		frame_ip(&frame, "192.0.2.1", "192.0.2.2");
		frame_proto(&frame, cases[i].proto, 24)[5] = 1;
		frame_end(&frame);
		assert_silence(&frame, false, cases[i].expected);
	}
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "192.0.2.1", "192.0.2.2");
	memcpy(frame_proto(&frame, 253, 4), (uint8_t[]){0x12, 0x34, 0xed, 0xcb}, 4);
	frame_end(&frame);
	assert_silence(&frame, false, "speaking");
	frame_shorten_ip(&frame, 20);
	assert_silence(&frame, false, "speaking");
}

static void
fragments_are_not_answered(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "192.0.2.1", "192.0.2.2");
	ip[6] = 0x20; // more follow
	frame_udp(&frame, 40000, 53);
	frame_data(&frame, 8);
	frame_end(&frame);
	assert_silence(&frame, false, "fragment");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_is_not_reset_but_quoted),
		cmocka_unit_test(addresses_are_those_of_one_host),
		cmocka_unit_test(frames_of_groups_are_not_answered),
		cmocka_unit_test(errors_are_not_answered_by_errors),
		cmocka_unit_test(an_error_is_found_behind_extension_headers),
		cmocka_unit_test(nothing_authenticated_is_reset),
		cmocka_unit_test(what_is_too_short_is_not_answered),
		cmocka_unit_test(who_is_damaged_is_not_answered),
		cmocka_unit_test(unknown_protocols_have_to_sum_up),
		cmocka_unit_test(fragments_are_not_answered),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
