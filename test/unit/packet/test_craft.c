// SPDX-License-Identifier: BSD-3-Clause
//
// Answers, byte for byte against frames that the test writes with its own code: what RFC 9293,
// RFC 792, RFC 1812 and RFC 4443 say, and Linux sends.
#include "packet/craft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"
#include "util/mbuf.h"

#define CLIENT4 "192.0.2.1"
#define SERVER4 "198.51.100.2"
#define CLIENT6 "2001:db8::1"
#define SERVER6 "2001:db8:ff::2"

#define IPV4_QUOTED_MAX 548  // of a message of 576 bytes
#define IPV6_QUOTED_MAX 1232 // of a message of 1280 bytes

static void
begin(struct frame *frame, bool is_ipv6)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, is_ipv6 ? CLIENT6 : CLIENT4, is_ipv6 ? SERVER6 : SERVER4);
}

// The beginning of the answer. Returns the IP header.
static uint8_t *
begin_answer(struct frame *frame, bool is_ipv6)
{
	static const uint8_t turned[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	frame_begin(frame);
	memcpy(frame_ethernet(frame), turned, sizeof(turned));
	return frame_ip(frame, is_ipv6 ? SERVER6 : SERVER4, is_ipv6 ? CLIENT6 : CLIENT4);
}

// Makes the answer: code -1 for a reset. Every position of a segment's end gives the same.
static void
assert_answer(const struct frame *frame, int code, const struct frame *expected)
{
	for (uint32_t cut = 0; cut < frame->len; cut += cut < 80 ? 1 : 97) {
		struct rte_mbuf *mbuf =
			cut == 0 ? mbuf_from_frame(frame) : mbuf_split(frame, &cut, 1);
		struct rte_mbuf *answer = rte_pktmbuf_alloc(mbuf->pool);
		const struct pkt pkt = fixture_parse(mbuf);

		assert_true(code < 0 ? craft_tcp_reset(&pkt, answer)
				     : craft_unreachable(&pkt, (uint8_t)code, answer));
		assert_int_equal(answer->pkt_len, expected->len);
		assert_memory_equal(rte_pktmbuf_mtod(answer, void *), expected->bytes,
				    expected->len);
		rte_pktmbuf_free(answer);
		rte_pktmbuf_free(mbuf);
	}
}

struct reset_case {
	const char *name;
	struct frame_tcp segment;
	unsigned int n_data;
	struct frame_tcp reset; // ports are turned by the test
};

// RFC 9293, 3.10.7.1: what acknowledges says where the reset belongs; what does not is
// acknowledged.
static const struct reset_case resets[] = {
	{"SYN", {.flags = TH_SYN, .seq = 1000}, 0, {.flags = TH_RST | TH_ACK, .ack = 1001}},
	{"SYN with data",
	 {.flags = TH_SYN, .seq = 1000},
	 7,
	 {.flags = TH_RST | TH_ACK, .ack = 1008}},
	{"SYN at the end of the numbers",
	 {.flags = TH_SYN, .seq = UINT32_MAX},
	 0,
	 {.flags = TH_RST | TH_ACK, .ack = 0}},
	{"ACK", {.flags = TH_ACK, .seq = 5, .ack = 77}, 3, {.flags = TH_RST, .seq = 77}},
	{"ACK of 0", {.flags = TH_ACK, .seq = 5}, 0, {.flags = TH_RST}},
	{"SYN and ACK",
	 {.flags = TH_SYN | TH_ACK, .seq = 5, .ack = 9},
	 0,
	 {.flags = TH_RST, .seq = 9}},
	{"no flag", {.seq = 5, .ack = 9}, 4, {.flags = TH_RST | TH_ACK, .ack = 9}},
	{"SYN and FIN",
	 {.flags = TH_SYN | TH_FIN, .seq = 5},
	 2,
	 {.flags = TH_RST | TH_ACK, .ack = 9}},
	{"FIN", {.flags = TH_FIN, .seq = 5}, 0, {.flags = TH_RST | TH_ACK, .ack = 6}},
};

static void
a_segment_is_reset_where_it_belongs(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(resets) * 2; i++) {
		const struct reset_case *test = &resets[i / 2];
		const bool is_ipv6 = i % 2 != 0;
		struct frame_tcp segment = test->segment, reset = test->reset;
		struct frame frame, expected;
		uint8_t *ip;

		print_message("%s\n", test->name);
		segment.sport = reset.dport = 40000;
		segment.dport = reset.sport = 80;
		segment.window = 65535;
		begin(&frame, is_ipv6);
		frame_tcp(&frame, &segment);
		frame_data(&frame, test->n_data);
		frame_end(&frame);
		ip = begin_answer(&expected, is_ipv6);
		if (!is_ipv6)
			ip[6] = 0x40; // don't fragment
		frame_tcp(&expected, &reset);
		frame_end(&expected);
		assert_answer(&frame, -1, &expected);
	}
}

// Nothing of what stands between the headers comes back.
static void
a_reset_has_no_extension_headers(void **state)
{
	struct frame frame, expected;

	(void)state;
	begin(&frame, true);
	frame_extension(&frame, 0, 8);
	frame_extension(&frame, 60, 16);
	frame_fragment(&frame, 0, false);
	frame_tcp(&frame, &(struct frame_tcp){40000, 80, TH_SYN, 1000, 0, 1});
	frame_data(&frame, 3);
	frame_end(&frame);
	begin_answer(&expected, true);
	frame_tcp(&expected, &(struct frame_tcp){80, 40000, TH_RST | TH_ACK, 0, 1004, 0});
	frame_end(&expected);
	assert_answer(&frame, -1, &expected);
}

static void
every_tag_is_kept(void **state)
{
	struct frame frame, expected;
	uint8_t *ip;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_tag(&frame, 0x88a8, 7);
	frame_tag(&frame, 0x8100, 0xf02a); // with its priority
	frame_ip(&frame, CLIENT4, SERVER4);
	frame_tcp(&frame, &(struct frame_tcp){40000, 80, TH_ACK, 1, 2, 3});
	frame_end(&frame);
	frame_begin(&expected);
	memcpy(frame_ethernet(&expected), (uint8_t[]){2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, 12);
	frame_tag(&expected, 0x88a8, 7);
	frame_tag(&expected, 0x8100, 0xf02a);
	ip = frame_ip(&expected, SERVER4, CLIENT4);
	ip[6] = 0x40;
	frame_tcp(&expected, &(struct frame_tcp){80, 40000, TH_RST, 2, 0, 0});
	frame_end(&expected);
	assert_answer(&frame, -1, &expected);
}

// An error about a datagram of UDP with so much data, and padding behind it.
static void
assert_error(bool is_ipv6, unsigned int n_data, uint32_t n_quoted)
{
	const uint8_t code = is_ipv6 ? 4 : 3;
	struct frame frame, expected;
	uint8_t *ip;

	begin(&frame, is_ipv6);
	ip = frame.bytes + frame_off(&frame, is_ipv6 ? FRAME_IPV6 : FRAME_IPV4, 0);
	if (!is_ipv6) {
		ip[1] = 0x10; // of the type of service nothing comes back
		ip[4] = 0x12;
		ip[5] = 0x34;
	}
	ip[is_ipv6 ? 7 : 8] = 3;
	frame_udp(&frame, 40000, 53);
	frame_data(&frame, n_data);
	frame_end(&frame);
	ip = begin_answer(&expected, is_ipv6);
	if (!is_ipv6) {
		ip[4] = 0x12;
		ip[5] = 0x34;
	}
	frame_icmp(&expected, is_ipv6 ? 1 : 3, code, 0);
	memcpy(frame_data(&expected, n_quoted), frame.bytes + 14, n_quoted);
	frame_end(&expected);
	memset(frame.bytes + frame.len, 0xee, 6);
	frame.len += 6;
	assert_answer(&frame, code, &expected);
}

static void
an_error_quotes_the_packet_without_padding(void **state)
{
	(void)state;
	assert_error(false, 0, 28);
	assert_error(false, 1, 29);
	assert_error(true, 1, 49);
	assert_error(false, IPV4_QUOTED_MAX - 28, IPV4_QUOTED_MAX);
	assert_error(false, IPV4_QUOTED_MAX - 27, IPV4_QUOTED_MAX);
	assert_error(false, 1472, IPV4_QUOTED_MAX);
	assert_error(true, IPV6_QUOTED_MAX - 48, IPV6_QUOTED_MAX);
	assert_error(true, IPV6_QUOTED_MAX - 47, IPV6_QUOTED_MAX);
	assert_error(true, 1452, IPV6_QUOTED_MAX);
}

static void
no_room_is_told(void **state)
{
	struct frame frame;
	struct rte_mbuf *mbuf, *answer;
	struct pkt pkt;

	(void)state;
	begin(&frame, true);
	frame_tcp(&frame, &(struct frame_tcp){40000, 80, TH_ACK, 1, 2, 3});
	frame_end(&frame);
	mbuf = mbuf_from_frame(&frame);
	answer = rte_pktmbuf_alloc(mbuf->pool);
	pkt = fixture_parse(mbuf);
	assert_non_null(rte_pktmbuf_append(answer, rte_pktmbuf_tailroom(answer) - 73));
	assert_false(craft_tcp_reset(&pkt, answer)); // 14 + 40 + 20 bytes
	assert_false(craft_unreachable(&pkt, 4, answer));
	rte_pktmbuf_reset(answer);
	assert_non_null(rte_pktmbuf_append(answer, rte_pktmbuf_tailroom(answer) - 74));
	assert_true(craft_tcp_reset(&pkt, answer));
	rte_pktmbuf_free(answer);
	rte_pktmbuf_free(mbuf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_is_reset_where_it_belongs),
		cmocka_unit_test(a_reset_has_no_extension_headers),
		cmocka_unit_test(every_tag_is_kept),
		cmocka_unit_test(an_error_quotes_the_packet_without_padding),
		cmocka_unit_test(no_room_is_told),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
