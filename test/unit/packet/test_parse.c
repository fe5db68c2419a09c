// SPDX-License-Identifier: BSD-3-Clause
//
// What the parser finds in whole frames: good ones of every kind, and headers that lie.
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

static void
every_case_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < n_packet_cases; i++) {
		struct frame frame;

		print_message("%s\n", packet_cases[i].name);
		packet_cases[i].build(&frame);
		assert_parsed(&frame, packet_cases[i].expected);
	}
}

static void
begin_udp4(struct frame *frame, uint8_t **ip)
{
	frame_begin(frame);
	frame_ethernet(frame);
	*ip = frame_ip(frame, "192.0.2.1", "198.51.100.2");
	frame_udp(frame, 1025, 53);
	frame_data(frame, 4);
}

static void
an_ipv4_header_that_lies_is_malformed(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	begin_udp4(&frame, &ip);
	ip[0] = 0x65; // version 6 behind the ethertype of IPv4
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_version");

	begin_udp4(&frame, &ip);
	ip[0] = 0x44; // 16 bytes of header: less than there are fields
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_header_len");

	begin_udp4(&frame, &ip);
	ip[0] = 0x49; // 36 bytes of header in a packet of 32
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_total_len");

	begin_udp4(&frame, &ip);
	ip[3] = 19; // total length
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_total_len");

	begin_udp4(&frame, &ip);
	ip[3] = 33; // one more than was sent
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_truncated");

	begin_udp4(&frame, &ip);
	ip[2] = ip[3] = 0xff;
	frame_end(&frame);
	assert_parsed(&frame, "ipv4_truncated");
}

static void
an_ipv6_header_that_lies_is_malformed(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	ip[0] = 0x45; // version 4 behind the ethertype of IPv6
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	assert_parsed(&frame, "ipv6_version");

	ip[0] = 0x60;
	assert_parsed(&frame, "none: ipv6 17 2001:db8::1 :1025 > 2001:db8::2 :53 l3 14+48 l4 54+8");
	ip[5] = 9; // payload length: one more than was sent
	assert_parsed(&frame, "ipv6_truncated");
	ip[4] = 0xff;
	assert_parsed(&frame, "ipv6_truncated");
}

static void
every_bit_of_the_ipv4_header_is_under_its_checksum(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	begin_udp4(&frame, &ip);
	frame_end(&frame);
	// Version and lengths have faults of their own, which come first.
	for (unsigned int bit = 4 * 8; bit < 20 * 8; bit++) {
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_parsed(&frame, "ipv4_checksum");
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_parsed(&frame, "none: ipv4 17 192.0.2.1 :1025 > 198.51.100.2 :53 l3 14+32 l4 34+12");
}

// What the NIC says about the IPv4 header counts, whatever the checksum is.
static void
the_nic_vouches_for_the_ipv4_checksum(void **state)
{
	static const struct {
		bool is_good;
		uint64_t flags;
		enum fault fault;
	} cases[] = {
		{true, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, FAULT_NONE},
		{true, RTE_MBUF_F_RX_IP_CKSUM_GOOD, FAULT_NONE},
		{true, RTE_MBUF_F_RX_IP_CKSUM_BAD, FAULT_IPV4_CHECKSUM},
		{true, RTE_MBUF_F_RX_IP_CKSUM_NONE, FAULT_NONE}, // it is no use, but not bad
		{false, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, FAULT_IPV4_CHECKSUM},
		{false, RTE_MBUF_F_RX_IP_CKSUM_GOOD, FAULT_NONE},
		{false, RTE_MBUF_F_RX_IP_CKSUM_BAD, FAULT_IPV4_CHECKSUM},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;
		struct rte_mbuf *mbuf;
		struct pkt pkt;
		uint8_t *ip;

		begin_udp4(&frame, &ip);
		frame_end(&frame);
		ip[11] ^= cases[i].is_good ? 0 : 1;
		mbuf = mbuf_from_frame(&frame);
		mbuf->ol_flags = mbuf->ol_flags | cases[i].flags;
		pkt = fixture_parse(mbuf);
		assert_int_equal(pkt.fault, cases[i].fault);
		rte_pktmbuf_free(mbuf);
	}
}

// An extension header may announce more than there is, up to 2 KiB at a time.
static void
an_extension_beyond_the_end_leaves_no_layer_4(void **state)
{
	struct frame frame;
	uint8_t *extension;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	extension = frame_extension(&frame, 60, 8);
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	extension[1] = 255;
	assert_parsed(&frame, "l4_short: ipv6 17 2001:db8::1 > 2001:db8::2 l3 14+56 l4 70+0");
	extension[0] = 43; // another extension, which cannot be there
	assert_parsed(&frame, "ipv6_extension: ipv6 43 2001:db8::1 > 2001:db8::2 l3 14+56 l4 70+0");
}

// RFC 8200, 4.2, and RFC 2675 for what says how long a packet is. The kernel drops the same before
// any hook.
static void
hop_by_hop_options_that_lie_are_malformed(void **state)
{
	static const struct {
		const char *name;
		uint8_t length; // of the header, in its own unit
		uint8_t options[6];
		bool is_good;
	} cases[] = {
		{"padding", 0, {1, 4, 0, 0, 0, 0}, true},
		{"single bytes of padding", 0, {0, 0, 0, 0, 0, 0}, true},
		{"router alert", 0, {5, 2, 0, 0, 1, 0}, true},
		{"two options", 0, {1, 1, 0, 0x1e, 1, 7}, true},
		{"an option that nobody knows", 0, {0x3e, 4, 1, 2, 3, 4}, true},
		{"a byte too long", 0, {1, 5, 0, 0, 0, 0}, false},
		{"far too long", 0, {0x1e, 255, 0, 0, 0, 0}, false},
		{"no length", 0, {1, 3, 0, 0, 0, 5}, false},
		{"a header beyond the end", 2, {1, 4, 0, 0, 0, 0}, false},
		{"a header far beyond the end", 255, {1, 4, 0, 0, 0, 0}, false},
		{"Jumbo, of what a length could say", 0, {0xc2, 4, 0, 0, 0, 16}, false},
		{"Jumbo, of more than there is", 0, {0xc2, 4, 0, 1, 0, 0}, false},
		{"Jumbo, of another length", 0, {0xc2, 2, 0, 1, 1, 0}, false},
		{"Jumbo behind padding", 0, {1, 0, 0xc2, 2, 0, 16}, false},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		for (int has_length = 0; has_length <= 1; has_length++) {
			struct frame frame;
			uint8_t *ip, *extension;

			frame_begin(&frame);
			frame_ethernet(&frame);
			ip = frame_ip(&frame, "2001:db8::1", "2001:db8::2");
			extension = frame_extension(&frame, 0, 8);
			frame_udp(&frame, 1025, 53);
			frame_end(&frame);
			extension[1] = cases[i].length;
			memcpy(extension + 2, cases[i].options, sizeof(cases[i].options));
			if (!has_length)
				ip[4] = ip[5] = 0;
			assert_parsed(&frame, cases[i].is_good
						      ? "none: ipv6 17 2001:db8::1 :1025 > "
							"2001:db8::2 :53 l3 14+56 l4 62+8"
						      : "ipv6_hop_by_hop");
		}
	}
}

// Only behind hop-by-hop options does a length of 0 mean anything else.
static void
a_payload_of_no_length_is_none(void **state)
{
	struct frame frame;
	uint8_t *ip;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 60, 8);
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	ip[4] = ip[5] = 0;
	assert_parsed(&frame, "ipv6_extension: ipv6 60 2001:db8::1 > 2001:db8::2 l3 14+40 l4 54+0");
}

// One that no length can speak of, and that has no Jumbo option.
static void
a_packet_beyond_any_length_is_malformed(void **state)
{
	static uint8_t bytes[14 + 40 + 65536];
	struct rte_mbuf *head, *tail;
	struct frame frame;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_extension(&frame, 0, 8);
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	memcpy(bytes, frame.bytes, frame.len);
	bytes[18] = bytes[19] = 0;
	for (uint32_t excess = 0; excess <= 1; excess++) {
		const uint32_t len = sizeof(bytes) - 1 + excess;
		struct pkt pkt;

		head = mbuf_from_bytes(bytes, 40000);
		tail = mbuf_from_bytes(bytes + 40000, len - 40000);
		rte_pktmbuf_chain(head, tail);
		pkt = fixture_parse(head);
		assert_int_equal(pkt.fault, excess ? FAULT_IPV6_HOP_BY_HOP : FAULT_NONE);
		if (!excess)
			assert_int_equal(pkt.l4_len, 65535 - 8);
		rte_pktmbuf_free(head);
	}
}

// Each protocol number in both families is readable or has its fault: RFC 8200 has 59 for nothing.
static void
every_protocol_number_has_a_tuple(void **state)
{
	static const bool is_extension[256] = {
		[0] = true, [43] = true, [44] = true, [51] = true, [60] = true,
	};

	(void)state;
	for (unsigned int proto = 0; proto < 256; proto++) {
		for (unsigned int family = 4; family <= 6; family += 2) {
			struct frame frame;
			struct rte_mbuf *mbuf;
			struct pkt pkt;

			if (family == 6 && (is_extension[proto] || proto == 59 || proto == 1))
				continue;
			if (family == 4 && proto == 58)
				continue;
			frame_begin(&frame);
			frame_ethernet(&frame);
			if (family == 4)
				frame_ip(&frame, "192.0.2.1", "198.51.100.2");
			else
				frame_ip(&frame, "2001:db8::1", "2001:db8::2");
			frame_proto(&frame, (uint8_t)proto, 8);
			frame_end(&frame);
			mbuf = mbuf_from_frame(&frame);
			pkt = fixture_parse(mbuf);
			assert_int_equal(pkt.fault, FAULT_NONE);
			assert_true(pkt.has_tuple);
			assert_int_equal(pkt.tuple.proto, proto);
			assert_int_equal(pkt.tuple.family, family);
			assert_int_equal(pkt.tuple.zone, 0);
			rte_pktmbuf_free(mbuf);
		}
	}
}

static void
flags_of_tcp_and_types_of_icmp_are_kept(void **state)
{
	struct frame frame;
	struct rte_mbuf *mbuf;
	struct pkt pkt;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
	frame_tcp(&frame, &(struct frame_tcp){1, 2, TH_SYN | TH_ACK | TH_ECE, 3, 4, 5});
	frame_end(&frame);
	mbuf = mbuf_from_frame(&frame);
	pkt = fixture_parse(mbuf);
	assert_int_equal(pkt.tcp_flags, 0x52);
	assert_true(pkt.has_ports);
	rte_pktmbuf_free(mbuf);

	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2");
	frame_icmp(&frame, 129, 3, 0xabcd);
	frame_end(&frame);
	mbuf = mbuf_from_frame(&frame);
	pkt = fixture_parse(mbuf);
	assert_int_equal(pkt.icmp_type, 129);
	assert_int_equal(pkt.icmp_code, 3);
	assert_int_equal(pkt.tuple.src_field, 0xabcd);
	assert_int_equal(pkt.tuple.dst_field, 129 << 8 | 3);
	assert_false(pkt.has_ports);
	rte_pktmbuf_free(mbuf);
}

// The largest IPv6 packet behind tags, all of it extension headers: offsets just above 16 bits.
static void
offsets_beyond_16_bits_are_kept(void **state)
{
	static uint8_t bytes[14 + 40 + 65535];
	const uint32_t n_extensions = (65535 - 12) / 2048;
	uint32_t off = 14 + 40;
	struct rte_mbuf *head, *tail;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "2001:db8::1", "2001:db8::2")[6] = 60;
	frame_end(&frame);
	memcpy(bytes, frame.bytes, frame.len);
	bytes[12] = 0x86;
	bytes[13] = 0xdd;
	bytes[18] = bytes[19] = 0xff;
	for (uint32_t i = 0; i < n_extensions; i++, off += 2048) {
		bytes[off] = 60;
		bytes[off + 1] = 255;
	}
	// The rest is one more extension header, and UDP in the last bytes of the packet.
	bytes[off] = 17;
	bytes[off + 1] = (uint8_t)((sizeof(bytes) - 8 - off) / 8 - 1);
	off += (bytes[off + 1] + 1u) * 8;
	assert_true(off > UINT16_MAX);
	bytes[off + 1] = 7;
	bytes[off + 3] = 9;
	head = mbuf_from_bytes(bytes, 40000);
	tail = mbuf_from_bytes(bytes + 40000, sizeof(bytes) - 40000);
	rte_pktmbuf_chain(head, tail);
	pkt = fixture_parse(head);
	assert_int_equal(pkt.fault, FAULT_NONE);
	assert_int_equal(pkt.tuple.src_field, 7);
	assert_int_equal(pkt.tuple.dst_field, 9);
	assert_int_equal(pkt.l4_off, off);
	assert_int_equal(pkt.l4_len, sizeof(bytes) - off);
	rte_pktmbuf_free(head);
}

static void
what_is_not_ip_has_a_kind(void **state)
{
#define BRIDGES "\x01\x80\xc2\x00\x00\x00"
#define SOURCE  "\x02\x00\x00\x00\x00\x0a"
	static const struct {
		const char *name;
		enum non_ip kind;
		uint32_t len;
		const char *bytes;
	} cases[] = {
		{"ARP", NON_IP_ARP, 14, BRIDGES SOURCE "\x08\x06"},
		{"ARP in a VLAN", NON_IP_ARP, 18, BRIDGES SOURCE "\x81\x00\x00\x05\x08\x06"},
		{"reverse ARP", NON_IP_OTHER, 14, BRIDGES SOURCE "\x80\x35"},
		{"LLDP", NON_IP_LLDP, 14, "\x01\x80\xc2\x00\x00\x0e" SOURCE "\x88\xcc"},
		{"a BPDU", NON_IP_STP, 17, BRIDGES SOURCE "\x00\x26\x42\x42\x03"},
		{"the longest", NON_IP_STP, 17, BRIDGES SOURCE "\x05\xdc\x42\x42\x03"},
		{"no length", NON_IP_OTHER, 17, BRIDGES SOURCE "\x05\xdd\x42\x42\x03"},
		{"not to bridges", NON_IP_OTHER, 17, SOURCE SOURCE "\x00\x26\x42\x42\x03"},
		{"another protocol", NON_IP_OTHER, 17, BRIDGES SOURCE "\x00\x26\xaa\xaa\x03"},
		{"cut off", NON_IP_OTHER, 14, BRIDGES SOURCE "\x00\x26\x42\x42\x03"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		// Cut in two anywhere, it is still the same.
		for (uint32_t cut = 1; cut < cases[i].len; cut++) {
			const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
			struct rte_mbuf *head = mbuf_from_bytes(bytes, cut);
			struct pkt pkt;

			rte_pktmbuf_chain(head, mbuf_from_bytes(bytes + cut, cases[i].len - cut));
			pkt = fixture_parse(head);
			assert_int_equal(pkt.family, FAMILY_NONE);
			if (packet_non_ip(&pkt) != cases[i].kind)
				fail_msg("%s is \"%s\"", cases[i].name,
					 non_ip_name(packet_non_ip(&pkt)));
			rte_pktmbuf_free(head);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_read_as_it_was_written),
		cmocka_unit_test(an_ipv4_header_that_lies_is_malformed),
		cmocka_unit_test(an_ipv6_header_that_lies_is_malformed),
		cmocka_unit_test(every_bit_of_the_ipv4_header_is_under_its_checksum),
		cmocka_unit_test(the_nic_vouches_for_the_ipv4_checksum),
		cmocka_unit_test(an_extension_beyond_the_end_leaves_no_layer_4),
		cmocka_unit_test(hop_by_hop_options_that_lie_are_malformed),
		cmocka_unit_test(a_payload_of_no_length_is_none),
		cmocka_unit_test(a_packet_beyond_any_length_is_malformed),
		cmocka_unit_test(every_protocol_number_has_a_tuple),
		cmocka_unit_test(flags_of_tcp_and_types_of_icmp_are_kept),
		cmocka_unit_test(offsets_beyond_16_bits_are_kept),
		cmocka_unit_test(what_is_not_ip_has_a_kind),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
