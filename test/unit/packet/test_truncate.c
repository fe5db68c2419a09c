// SPDX-License-Identifier: BSD-3-Clause
//
// Frames that end too early, and frames in pieces. Every segment is memory of exactly its length,
// so that with AddressSanitizer one byte read too many ends the test.
#include "packet/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cases.h"
#include "fixture.h"
#include "util/eal.h"
#include "util/mbuf.h"

#define PADDING 46

// As a stage behind the parser would: nothing that was promised to be there may be missing.
static void
read_what_was_promised(const struct pkt *pkt)
{
	uint8_t scratch[FRAME_MAX];
	struct tuple inner;

	if (pkt->family == FAMILY_NONE)
		return;
	assert_true(pkt->l3_off + pkt->l3_len <= pkt->mbuf->pkt_len);
	assert_int_equal(pkt->l4_off + pkt->l4_len, pkt->l3_off + pkt->l3_len);
	assert_non_null(pkt_bytes(pkt, pkt->l3_off, pkt->l3_len, scratch));
	assert_null(pkt_bytes(pkt, pkt->l3_off, pkt->l3_len + 1, scratch));
	if (icmp_is_error(pkt))
		packet_parse_inner(pkt, &inner);
}

static void
assert_fault(const struct packet_case *test, const struct frame *frame, uint32_t len,
	     enum fault expected)
{
	struct rte_mbuf *mbuf = mbuf_from_bytes(frame->bytes, len);
	struct pkt pkt = fixture_parse(mbuf);

	if (pkt.fault != expected)
		print_error("%s, first %u bytes\n", test->name, len);
	assert_string_equal(fault_name(pkt.fault), fault_name(expected));
	read_what_was_promised(&pkt);
	rte_pktmbuf_free(mbuf);
}

// The bytes of a frame from behind Ethernet and its tags.
static uint32_t
ethernet_len(const struct frame *frame)
{
	uint32_t len = 0;

	for (unsigned int i = 0; i < frame->n_layers; i++) {
		if (frame->layers[i].kind == FRAME_ETHERNET)
			len += 14;
		else if (frame->layers[i].kind == FRAME_TAG)
			len += 4;
	}
	return len;
}

// A capture with a small snapshot length, a broken cable: the headers speak of bytes that are not
// there.
static void
a_frame_cut_anywhere_has_the_fault_of_where_it_ends(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		const struct packet_case *test = &packet_cases[i];
		bool is_ip = test->shorter[0].fault != FAULT_NONE;
		bool is_ipv4 = test->shorter[0].fault == FAULT_IPV4_SHORT;
		struct frame frame;
		uint32_t ethernet;
		struct pkt whole;
		struct rte_mbuf *mbuf;

		test->build(&frame);
		ethernet = ethernet_len(&frame);
		mbuf = mbuf_from_frame(&frame);
		whole = fixture_parse(mbuf);
		rte_pktmbuf_free(mbuf);
		for (uint32_t len = 0; len <= frame.len; len++) {
			enum fault expected = whole.fault;

			if (len < ethernet)
				expected = FAULT_ETHERNET_SHORT;
			else if (is_ip && len < ethernet + (is_ipv4 ? 20 : 40))
				expected = is_ipv4 ? FAULT_IPV4_SHORT : FAULT_IPV6_SHORT;
			else if (is_ip && len < ethernet + whole.l3_len)
				expected = is_ipv4 ? FAULT_IPV4_TRUNCATED : FAULT_IPV6_TRUNCATED;
			assert_fault(test, &frame, len, expected);
		}
	}
}

// A sender who has sent less: the lengths are true, and the headers behind are cut.
static void
a_packet_sent_shorter_has_the_fault_of_where_it_ends(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		const struct packet_case *test = &packet_cases[i];
		struct frame frame;
		uint32_t ip_len;

		test->build(&frame);
		if (test->shorter[0].fault == FAULT_NONE)
			continue;
		ip_len = frame.len - ethernet_len(&frame);
		for (uint32_t len = ip_len; len-- > 0;) {
			enum fault expected = FAULT_NONE;

			for (int r = 0; r < CASE_RANGES_MAX; r++) {
				const struct case_range *range = &test->shorter[r];

				if (range->from <= len && (r == 0 || range->from > 0))
					expected = range->fault;
			}
			frame_shorten_ip(&frame, len);
			assert_fault(test, &frame, frame.len, expected);
			// What Ethernet fills up is no part of it: it does not help, unless nothing
			// says where hop-by-hop options end.
			memset(frame.bytes + frame.len, 0, PADDING);
			if (len >= (test->shorter[0].fault == FAULT_IPV4_SHORT ? 20 : 40) &&
			    (len > 40 || expected != FAULT_IPV6_HOP_BY_HOP))
				assert_fault(test, &frame, frame.len + PADDING, expected);
		}
	}
}

static void
assert_split(const struct packet_case *test, const struct frame *frame, const uint32_t cuts[],
	     unsigned int n_cuts)
{
	struct rte_mbuf *mbuf = mbuf_split(frame, cuts, n_cuts);
	struct pkt pkt = fixture_parse(mbuf);
	char text[DESCRIPTION_MAX];

	fixture_describe(&pkt, text);
	if (strcmp(text, test->expected) != 0)
		print_error("%s, cut at %u places\n", test->name, n_cuts);
	assert_string_equal(text, test->expected);
	read_what_was_promised(&pkt);
	rte_pktmbuf_free(mbuf);
}

static void
two_segments_read_like_one_wherever_they_meet(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		struct frame frame;

		packet_cases[i].build(&frame);
		// 0 and the whole length: an empty segment.
		for (uint32_t cut = 0; cut <= frame.len; cut++)
			assert_split(&packet_cases[i], &frame, &cut, 1);
	}
}

static void
three_segments_read_like_one_wherever_they_meet(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		struct frame frame;

		packet_cases[i].build(&frame);
		for (uint32_t first = 1; first < frame.len; first++) {
			for (uint32_t len = 1; len <= 9 && first + len < frame.len; len++) {
				const uint32_t cuts[] = {first, first + len};

				assert_split(&packet_cases[i], &frame, cuts, 2);
			}
		}
	}
}

static void
segments_of_one_byte_read_like_one(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		struct frame frame;
		uint32_t cuts[FRAME_MAX];

		packet_cases[i].build(&frame);
		for (uint32_t cut = 1; cut < frame.len; cut++)
			cuts[cut - 1] = cut;
		assert_split(&packet_cases[i], &frame, cuts, frame.len - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_cut_anywhere_has_the_fault_of_where_it_ends),
		cmocka_unit_test(a_packet_sent_shorter_has_the_fault_of_where_it_ends),
		cmocka_unit_test(two_segments_read_like_one_wherever_they_meet),
		cmocka_unit_test(three_segments_read_like_one_wherever_they_meet),
		cmocka_unit_test(segments_of_one_byte_read_like_one),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
