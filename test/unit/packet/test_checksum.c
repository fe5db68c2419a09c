// SPDX-License-Identifier: BSD-3-Clause
//
// Layer 4 checksums, against those that the test's own frames carry.
#include "packet/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cases.h"
#include "fixture.h"
#include "util/eal.h"
#include "util/mbuf.h"

struct checksum_case {
	const char *name;
	bool is_ipv6;
	uint8_t proto;
	uint8_t has_no_pseudo_header;
	unsigned int n_data;
};

// Odd and even lengths; ICMP of IPv4 is the only one without a pseudo header.
static const struct checksum_case cases[] = {
	{"tcp4", false, PROTO_TCP, false, 0},         {"tcp4 odd", false, PROTO_TCP, false, 7},
	{"tcp6", true, PROTO_TCP, false, 8},          {"tcp6 odd", true, PROTO_TCP, false, 1},
	{"udp4", false, PROTO_UDP, false, 4},         {"udp4 odd", false, PROTO_UDP, false, 5},
	{"udp6", true, PROTO_UDP, false, 4},          {"udp6 odd", true, PROTO_UDP, false, 1471},
	{"udplite4", false, PROTO_UDPLITE, false, 6}, {"udplite6", true, PROTO_UDPLITE, false, 3},
	{"icmp4", false, PROTO_ICMP, true, 56},       {"icmp4 odd", false, PROTO_ICMP, true, 3},
	{"icmp6", true, PROTO_ICMPV6, false, 56},     {"icmp6 odd", true, PROTO_ICMPV6, false, 3},
};

// The IP header of the frame.
static uint8_t *
build(const struct checksum_case *test, struct frame *frame)
{
	uint8_t *ip;

	frame_begin(frame);
	frame_ethernet(frame);
	ip = test->is_ipv6 ? frame_ip(frame, "2001:db8::1", "2001:db8:ff::fe")
			   : frame_ip(frame, "192.0.2.1", "198.51.100.254");
	switch (test->proto) {
	case PROTO_TCP:
		frame_tcp(frame, &(struct frame_tcp){1025, 80, TH_ACK, 100, 500, 65535});
		break;
	case PROTO_UDP:
		frame_udp(frame, 1025, 53);
		break;
	case PROTO_UDPLITE:
		frame_udplite(frame, 1025, 53, 0);
		break;
	default:
		frame_icmp(frame, test->is_ipv6 ? 128 : 8, 0, 9);
		break;
	}
	frame_data(frame, test->n_data);
	frame_end(frame);
	return ip;
}

static bool
is_good(const struct frame *frame, uint64_t ol_flags)
{
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	struct pkt pkt;
	bool good;

	mbuf->ol_flags = mbuf->ol_flags | ol_flags | RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	pkt = fixture_parse(mbuf);
	assert_int_equal(pkt.fault, FAULT_NONE);
	good = checksum_l4_good(&pkt, pkt.l4_len);
	rte_pktmbuf_free(mbuf);
	return good;
}

static void
what_the_sender_computed_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;

		build(&cases[i], &frame);
		print_message("%s\n", cases[i].name);
		assert_true(is_good(&frame, 0));
	}
}

// Any single bit: the Internet checksum finds every one of them.
static void
a_changed_bit_of_layer_4_is_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;
		uint32_t l4, len;

		build(&cases[i], &frame);
		l4 = cases[i].is_ipv6 ? 54 : 34;
		len = RTE_MIN(frame.len, l4 + 64);
		for (uint32_t byte = l4; byte < len; byte++) {
			frame.bytes[byte] ^= (uint8_t)(1 << byte % 8);
			assert_false(is_good(&frame, 0));
			frame.bytes[byte] ^= (uint8_t)(1 << byte % 8);
		}
	}
}

static void
a_changed_address_is_bad_where_there_is_a_pseudo_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;
		uint8_t *ip = build(&cases[i], &frame);
		unsigned int first = cases[i].is_ipv6 ? 8 : 12;
		unsigned int last = cases[i].is_ipv6 ? 40 : 20;

		for (unsigned int byte = first; byte < last; byte++) {
			ip[byte] ^= 0x10;
			assert_int_equal(is_good(&frame, 0), cases[i].has_no_pseudo_header);
			ip[byte] ^= 0x10;
		}
	}
}

// The words of a sum may come in any order; its value in the header must be the right one.
static void
a_sum_of_all_ones_is_zero_too(void **state)
{
	struct frame frame;
	uint8_t *ip, *udp;
	uint16_t sum;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "192.0.2.1", "198.51.100.254");
	udp = frame_udp(&frame, 1025, 53);
	frame_data(&frame, 2);
	frame_end(&frame);
	(void)ip;
	// With the checksum as payload, what is left to put into the header is zero, sent as ones.
	sum = (uint16_t)(udp[6] << 8 | udp[7]);
	sum = (uint16_t)(sum + 1); // the payload was 00 01
	udp[8] = (uint8_t)(sum >> 8);
	udp[9] = (uint8_t)sum;
	udp[6] = udp[7] = 0;
	frame_end(&frame);
	assert_int_equal(udp[6] << 8 | udp[7], 0xffff);
	assert_true(is_good(&frame, 0));
}

static void
the_nic_vouches(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;
		uint32_t l4 = cases[i].is_ipv6 ? 54 : 34;

		build(&cases[i], &frame);
		assert_true(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_GOOD));
		assert_false(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_BAD));
		assert_true(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_NONE));
		frame.bytes[l4 + 1] ^= 1;
		assert_true(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_GOOD));
		assert_false(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_BAD));
		assert_false(is_good(&frame, RTE_MBUF_F_RX_L4_CKSUM_NONE));
		frame.bytes[l4 + 1] ^= 1;
	}
}

// UDP-Lite protects only its first bytes (RFC 3828); what is behind may change.
static void
udplite_covers_what_it_says(void **state)
{
	static const uint16_t coverages[] = {8, 9, 12, 19, 20};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(coverages); i++) {
		for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
			uint32_t l4 = is_ipv6 ? 54 : 34;
			struct frame frame;

			frame_begin(&frame);
			frame_ethernet(&frame);
			frame_ip(&frame, is_ipv6 ? "2001:db8::1" : "192.0.2.1",
				 is_ipv6 ? "2001:db8::2" : "192.0.2.2");
			frame_udplite(&frame, 7, 9, coverages[i]);
			frame_data(&frame, 12);
			frame_end(&frame);
			for (uint32_t byte = 8; byte < 20; byte++) {
				struct rte_mbuf *mbuf;
				struct pkt pkt;

				frame.bytes[l4 + byte] ^= 0x40;
				mbuf = mbuf_from_frame(&frame);
				pkt = fixture_parse(mbuf);
				assert_int_equal(checksum_l4_good(&pkt, coverages[i]),
						 byte >= coverages[i]);
				rte_pktmbuf_free(mbuf);
				frame.bytes[l4 + byte] ^= 0x40;
			}
		}
	}
}

// RFC 9260, appendix A: any byte, wherever the segments end; the NIC vouches for it as well.
static void
sctp_has_a_crc(void **state)
{
	struct frame frame;

	(void)state;
	for (unsigned int len = 0; len < 20; len++) {
		frame_begin(&frame);
		frame_ethernet(&frame);
		frame_ip(&frame, "192.0.2.1", "198.51.100.254");
		frame_sctp(&frame, 100, 200, 0x01020304);
		frame_chunk(&frame, 0, 3, (uint16_t)len);
		frame_end(&frame);
		for (uint32_t cut = 34; cut < frame.len; cut++) {
			struct rte_mbuf *mbuf = mbuf_split(&frame, &cut, 1);
			struct pkt pkt = fixture_parse(mbuf);

			assert_true(checksum_sctp_good(&pkt));
			rte_pktmbuf_free(mbuf);
		}
		for (uint32_t byte = 34; byte < frame.len; byte++) {
			struct rte_mbuf *mbuf;
			struct pkt pkt;

			frame.bytes[byte] ^= 0x20;
			mbuf = mbuf_from_frame(&frame);
			pkt = fixture_parse(mbuf);
			assert_false(checksum_sctp_good(&pkt));
			mbuf->ol_flags = mbuf->ol_flags | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
			assert_true(checksum_sctp_good(&pkt));
			rte_pktmbuf_free(mbuf);
			frame.bytes[byte] ^= 0x20;
		}
	}
}

static void
segments_are_summed_like_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;

		build(&cases[i], &frame);
		for (uint32_t cut = 1; cut < frame.len; cut++) {
			const uint32_t cuts[] = {cut, RTE_MIN(cut + 3, frame.len)};
			struct rte_mbuf *mbuf = mbuf_split(&frame, cuts, 2);
			struct pkt pkt = fixture_parse(mbuf);

			assert_int_equal(pkt.fault, FAULT_NONE);
			assert_true(checksum_l4_good(&pkt, pkt.l4_len));
			rte_pktmbuf_free(mbuf);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_sender_computed_is_good),
		cmocka_unit_test(a_changed_bit_of_layer_4_is_bad),
		cmocka_unit_test(a_changed_address_is_bad_where_there_is_a_pseudo_header),
		cmocka_unit_test(a_sum_of_all_ones_is_zero_too),
		cmocka_unit_test(the_nic_vouches),
		cmocka_unit_test(udplite_covers_what_it_says),
		cmocka_unit_test(sctp_has_a_crc),
		cmocka_unit_test(segments_are_summed_like_one),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
