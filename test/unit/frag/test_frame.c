// SPDX-License-Identifier: BSD-3-Clause
//
// Headers before fragments: what the datagram keeps of them, and which fragments are not held.
#include "frag/frag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "packet/parse.h"
#include "util/eal.h"
#include "util/mbuf.h"

#define HOP_BY_HOP 0

static const struct piece first = {0, 48, true};
static const struct piece last = {48, 100, false};

// Frames in two segments, cut at every byte of headers and payload.
static void
test_segments(void **state)
{
	(void)state;
	for (unsigned int cut = 14; cut < 110; cut++) {
		struct origin origin = {.is_ipv6 = cut % 2 == 0, .id = 1, .cut = cut};
		struct store store;

		store_open(&store, NULL);
		assert_int_equal(store_piece(&store, &origin, &last), FRAG_TAKEN);
		assert_int_equal(store_piece(&store, &origin, &first), FRAG_COMPLETE);
		store_close(&store);
	}
}

// Headers before the fragment header stay, however long; those of the first fragment count.
static void
test_extensions_are_kept(void **state)
{
	static const unsigned int lens[] = {8, 16, 200, 2048};

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct origin origin = {.is_ipv6 = true, .id = 1};
		struct store store;

		store_open(&store, NULL);
		assert_int_equal(store_piece(&store, &origin, &last), FRAG_TAKEN);
		origin.extension = lens[i];
		assert_int_equal(store_piece(&store, &origin, &first), FRAG_COMPLETE);
		assert_int_equal(store.l3_len, 40 + lens[i] + 100);
		assert_int_equal(store.pkt.tuple.proto, PROTO_UDP);
		assert_int_equal(store.pkt.l4_len, 100);
		store_close(&store);
	}
}

// An IPv6 fragment: any header; the caller adds what follows.
static uint8_t *
begin_ipv6(struct frame *frame, unsigned int offset, bool more)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, "2001:db8::1", "2001:db8::2");
	return frame_fragment(frame, offset, more);
}

// RFC 6946: alone in its datagram, and not a fragment any more when it is put together.
static void
test_atomic_fragment(void **state)
{
	struct store store;
	struct frame frame;

	(void)state;
	store_open(&store, NULL);
	begin_ipv6(&frame, 0, false);
	frame_udp(&frame, 1025, 53);
	frame_data(&frame, 20);
	frame_end(&frame);
	assert_int_equal(store_frame(&store, &frame), FRAG_COMPLETE);
	assert_int_equal(store.pkt.l3_len, 40 + 28);
	assert_int_equal(store.pkt.tuple.dst_field, 53);
	assert_false(pkt_has_place(&store.pkt));
	// As in Linux it overlaps what others sent under the same identification.
	begin_ipv6(&frame, 0, true);
	frame_udp(&frame, 1025, 53);
	frame_end(&frame);
	assert_int_equal(store_frame(&store, &frame), FRAG_TAKEN);
	begin_ipv6(&frame, 0, false);
	frame_udp(&frame, 1025, 53);
	frame_data(&frame, 20);
	frame_end(&frame);
	assert_int_equal(store_frame(&store, &frame), FRAG_REFUSED);
	assert_lost(&store, REASON_FRAG_OVERLAP, 2);
	store_close(&store);
}

// What Linux's ipv6frag_thdr_truncated lets go: first fragments without all of the header.
static void
test_first_fragment_without_its_header(void **state)
{
	static const struct {
		uint8_t proto;
		unsigned int len; // at least that much has to be there
	} cases[] = {{PROTO_TCP, 20}, {PROTO_UDP, 8}, {PROTO_ICMPV6, 8}, {PROTO_GRE, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int len = 0; len <= 24; len += 8) {
			bool is_enough = len >= cases[i].len;
			struct store store;
			struct frame frame;

			store_open(&store, NULL);
			begin_ipv6(&frame, 0, true)[0] = cases[i].proto;
			frame_proto(&frame, cases[i].proto, len);
			frame_end(&frame);
			assert_int_equal(store_frame(&store, &frame),
					 is_enough ? FRAG_TAKEN : FRAG_PASSES);
			assert_int_equal(frag_held(store.frag), is_enough);
			store_close(&store);
		}
	}
}

// The fragment header is cut off: 1 to 7 bytes of it.
static void
test_fragment_header_cut_off(void **state)
{
	(void)state;
	for (uint32_t len = 1; len < 8; len++) {
		struct store store;
		struct frame frame;

		store_open(&store, NULL);
		begin_ipv6(&frame, 8, true)[0] = PROTO_UDP;
		frame_end(&frame);
		frame_shorten_ip(&frame, 40 + len);
		assert_int_equal(store_frame(&store, &frame), FRAG_REFUSED);
		assert_int_equal(store.pkt.reason, REASON_FRAG_LENGTH);
		store_close(&store);
	}
}

// A fragment header in a reassembled datagram is not processed again.
static void
test_fragment_within_a_datagram(void **state)
{
	struct store store;
	struct frame frame;

	(void)state;
	store_open(&store, NULL);
	begin_ipv6(&frame, 0, true);
	frame_fragment(&frame, 8, true);
	frame_data(&frame, 8);
	frame_end(&frame);
	assert_int_equal(store_frame(&store, &frame), FRAG_TAKEN);
	begin_ipv6(&frame, 16, false);
	frame_data(&frame, 4);
	frame_end(&frame);
	assert_int_equal(store_frame(&store, &frame), FRAG_COMPLETE);
	assert_int_equal(store.pkt.l3_len, 40 + 8 + 8 + 4);
	assert_true(store.pkt.is_fragment);
	assert_int_equal(store.pkt.fault, FAULT_FRAGMENT);
	store_close(&store);
}

// Ethernet pads short frames; bytes after the IP packet are not part of the payload.
static void
test_padding(void **state)
{
	struct store store;
	struct frame frame;

	(void)state;
	store_open(&store, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *ip;

		frame_begin(&frame);
		frame_ethernet(&frame);
		ip = frame_ip(&frame, "192.0.2.1", "192.0.2.2");
		ip[2] = 0;
		ip[3] = 28;
		ip[6] = i == 0 ? 0x20 : 0;
		ip[7] = (uint8_t)i;
		frame_udp(&frame, 1025, 53);
		frame_data(&frame, 18);
		frame_end(&frame);
		assert_int_equal(store_frame(&store, &frame), i == 0 ? FRAG_TAKEN : FRAG_COMPLETE);
	}
	assert_int_equal(store.pkt.l3_len, 20 + 16);
	store_close(&store);
}

// Options of IPv4: those of the first fragment are the datagram's.
static void
test_ipv4_options(void **state)
{
	static const uint8_t nop[8] = {1, 1, 1, 1, 1, 1, 1, 0};
	struct store store;
	struct frame frame;

	(void)state;
	store_open(&store, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *ip;

		frame_begin(&frame);
		frame_ethernet(&frame);
		ip = frame_ip(&frame, "192.0.2.1", "192.0.2.2");
		if (i == 1)
			frame_options(&frame, nop, sizeof(nop));
		ip[6] = i == 0 ? 0 : 0x20;
		ip[7] = i == 0 ? 1 : 0;
		frame_udp(&frame, 1025, 53);
		frame_end(&frame);
		assert_int_equal(store_frame(&store, &frame), i == 0 ? FRAG_TAKEN : FRAG_COMPLETE);
	}
	assert_int_equal(store.pkt.l3_len, 28 + 16);
	assert_int_equal(store.pkt.fault, FAULT_NONE); // so its checksum is right
	assert_int_equal(store.pkt.tuple.dst_field, 53);
	store_close(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_extensions_are_kept),
		cmocka_unit_test(test_atomic_fragment),
		cmocka_unit_test(test_first_fragment_without_its_header),
		cmocka_unit_test(test_fragment_header_cut_off),
		cmocka_unit_test(test_fragment_within_a_datagram),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_ipv4_options),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
