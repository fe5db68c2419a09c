// SPDX-License-Identifier: BSD-3-Clause
//
// Protocols without states: how long they are kept, when they count as a stream, and what of them
// is broken. Time is virtual.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "util/eal.h"

// A packet at a time, in milliseconds since the first, and the connection right after it.
struct moment {
	int line;
	uint32_t at_ms;
	enum end from;
	const char *expected; // class and connection
};

#define AT(...)                                                                                    \
	{                                                                                          \
		__LINE__, __VA_ARGS__                                                              \
	}

typedef void (*packet_builder)(struct frame *frame, const struct flow *flow, enum end from);

static void
build_udplite(struct frame *frame, const struct flow *flow, enum end from)
{
	fixture_begin(frame, flow, from);
	frame_udplite(frame, from == CLIENT ? flow->sport : flow->dport,
		      from == CLIENT ? flow->dport : flow->sport, 0);
	frame_data(frame, 8);
	frame_end(frame);
}

static void
build_gre(struct frame *frame, const struct flow *flow, enum end from)
{
	fixture_begin(frame, flow, from);
	frame_gre(frame, 0, 0x0800, 0);
	frame_end(frame);
}

static void
build_esp(struct frame *frame, const struct flow *flow, enum end from)
{
	fixture_begin(frame, flow, from);
	frame_proto(frame, PROTO_ESP, 16);
	frame_end(frame);
}

#define assert_moments(builder, moments) check_moments(builder, moments, RTE_DIM(moments))

// Plays the moments over both families.
static void
check_moments(packet_builder build, const struct moment moments[], size_t n)
{
	for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
		const struct flow flow = {.is_ipv6 = is_ipv6, .sport = 5000, .dport = 53};
		struct shard shard;
		uint64_t begin_ns;

		shard_open(&shard, &(struct shard_options){0});
		begin_ns = shard.now_ns;
		for (size_t i = 0; i < n; i++) {
			char text[2 * SHARD_TEXT_MAX], class[SHARD_TEXT_MAX], entry[SHARD_TEXT_MAX];
			struct frame frame;
			struct pkt pkt;

			shard.now_ns = begin_ns + moments[i].at_ms * UINT64_C(1000000);
			build(&frame, &flow, moments[i].from);
			pkt = shard_accept(&shard, &frame);
			sprintf(text, "%s: %s", shard_class_text(&pkt, class),
				shard_entry_text(&shard, entry));
			_assert_string_equal(text, moments[i].expected, __FILE__, moments[i].line);
		}
		shard_close(&shard);
	}
}

// Two seconds after its first packet, a flow that has been answered becomes a stream.
static void
udp_that_goes_on_becomes_a_stream(void **state)
{
	static const struct moment question[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(50, SERVER, "established reply: 30"),
		AT(1000, CLIENT, "established orig: 30"),
		AT(1990, SERVER, "established reply: 30"),
		AT(2000, CLIENT, "established orig: 30"), // not after t0 + 2 s yet
		AT(2004, CLIENT, "established orig: 120 [ASSURED]"),
		AT(3000, SERVER, "established reply: 120 [ASSURED]"),
		AT(122999, CLIENT, "established orig: 120 [ASSURED]"),
	};
	// The first reply, however late, is judged before the connection counts as answered.
	static const struct moment slow_answer[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(5000, SERVER, "established reply: 30"),
		AT(5100, SERVER, "established reply: 120 [ASSURED]"),
	};
	static const struct moment too_late[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(29996, SERVER, "established reply: 30"),
		AT(60000, SERVER, "new orig: 30 [UNREPLIED]"), // 30 s and one tick later
	};

	(void)state;
	assert_moments(fixture_udp, question);
	assert_moments(fixture_udp, slow_answer);
	assert_moments(fixture_udp, too_late);
}

// One way only: refreshed for ever, never assured, every packet new.
static void
udp_without_answer_stays_new(void **state)
{
	static const struct moment moments[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(1000, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(20000, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(45000, CLIENT, "new orig: 30 [UNREPLIED]"),
	};

	(void)state;
	assert_moments(fixture_udp, moments);
}

// UDP-Lite does not wait for two seconds.
static void
udplite_is_a_stream_with_the_first_packet_behind_the_answer(void **state)
{
	static const struct moment moments[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(10, SERVER, "established reply: 30"),
		AT(20, CLIENT, "established orig: 120 [ASSURED]"),
	};

	(void)state;
	assert_moments(build_udplite, moments);
}

static void
icmp_is_kept_for_30_s_by_either_side(void **state)
{
	static const struct moment moments[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(1000, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(20000, SERVER, "established reply: 30"), // the answer removes nothing
		AT(40000, SERVER, "established reply: 30"),
		AT(60000, CLIENT, "established orig: 30"),
		AT(80000, SERVER, "established reply: 30"),
	};

	(void)state;
	assert_moments(fixture_echo, moments);
}

static void
gre_is_a_stream_with_the_first_packet_behind_the_answer(void **state)
{
	static const struct moment moments[] = {
		AT(0, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(10, CLIENT, "new orig: 30 [UNREPLIED]"),
		AT(20, SERVER, "established reply: 30"),
		AT(30, SERVER, "established reply: 180 [ASSURED]"),
		AT(179000, CLIENT, "established orig: 180 [ASSURED]"),
	};

	(void)state;
	assert_moments(build_gre, moments);
}

static void
any_other_protocol_is_kept_for_600_s(void **state)
{
	static const struct moment moments[] = {
		AT(0, CLIENT, "new orig: 600 [UNREPLIED]"),
		AT(599000, CLIENT, "new orig: 600 [UNREPLIED]"),
		AT(1198000, SERVER, "established reply: 600"),
		AT(1797000, CLIENT, "established orig: 600"),
		AT(2397000, SERVER, "new orig: 600 [UNREPLIED]"), // 600 s: it had expired
	};

	(void)state;
	assert_moments(build_esp, moments);
}

static void
timeouts_are_those_configured(void **state)
{
	static const struct {
		packet_builder build;
		enum ct_timeout first, stream;
	} cases[] = {
		{fixture_udp, CT_TIMEOUT_UDP, CT_TIMEOUT_UDP_STREAM},
		{build_udplite, CT_TIMEOUT_UDP, CT_TIMEOUT_UDP_STREAM},
		{build_gre, CT_TIMEOUT_GRE, CT_TIMEOUT_GRE_STREAM},
		{build_esp, CT_TIMEOUT_GENERIC, CT_TIMEOUT_GENERIC},
		{fixture_echo, CT_TIMEOUT_ICMP, CT_TIMEOUT_ICMP},
	};
	const struct flow flow = {.sport = 5000, .dport = 53};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		static const enum end from[] = {CLIENT, SERVER, CLIENT};
		struct ct_params params = shard_params();
		struct shard shard;
		struct ct_entry entry;
		struct frame frame;

		params.timeouts_sec[cases[i].stream] = 77;
		params.timeouts_sec[cases[i].first] = 11;
		shard_open(&shard, &(struct shard_options){.params = &params});
		for (size_t n = 0; n < RTE_DIM(from); n++) {
			cases[i].build(&frame, &flow, from[n]);
			shard_accept(&shard, &frame);
			assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
			assert_int_equal(entry.timeout_sec,
					 n < 2 || cases[i].first == cases[i].stream ? 11 : 77);
			shard_wait(&shard, 3);
		}
		shard_close(&shard);
	}
}

// A UDP header that lies. Zero as a checksum is none, in IPv6 too (RFC 6935).
static void
broken_udp_is_invalid(void **state)
{
	static const struct {
		uint16_t length; // in the header, 0: the right one
		uint32_t ip_len; // bytes of the IP packet, 0: all
		bool has_no_checksum;
		bool is_changed;
		bool checks;
		enum fault fault;
	} cases[] = {
		{0, 0, false, false, true, FAULT_NONE},
		{0, 0, false, true, true, FAULT_L4_CHECKSUM},
		{0, 0, false, true, false, FAULT_NONE},
		{0, 0, true, false, true, FAULT_NONE},
		{0, 0, true, true, true, FAULT_NONE},
		{7, 0, false, false, true, FAULT_L4_LENGTH},
		{17, 0, false, false, true, FAULT_L4_LENGTH}, // of 16
		{65535, 0, false, false, true, FAULT_L4_LENGTH},
		{8, 0, true, false, true, FAULT_NONE}, // fewer than there are
		{0, 7, true, false, true, FAULT_L4_SHORT},
		{0, 4, true, false, true, FAULT_L4_SHORT},
		{0, 8, true, false, true, FAULT_L4_LENGTH},
	};

	(void)state;
	for (size_t i = 0; i < 2 * RTE_DIM(cases); i++) {
		const size_t c = i / 2;
		const struct flow flow = {.is_ipv6 = i % 2 == 1};
		struct ct_params params = shard_params();
		struct shard shard;
		struct frame frame;
		uint8_t *udp;
		struct pkt pkt;

		params.checksum = cases[c].checks;
		shard_open(&shard, &(struct shard_options){.params = &params});
		fixture_begin(&frame, &flow, CLIENT);
		udp = frame_udp(&frame, 5000, 53);
		udp[4] = (uint8_t)(cases[c].length >> 8);
		udp[5] = (uint8_t)cases[c].length;
		frame_data(&frame, 8);
		frame_end(&frame);
		if (cases[c].has_no_checksum)
			udp[6] = udp[7] = 0;
		udp[15] ^= cases[c].is_changed;
		if (cases[c].ip_len > 0)
			frame_shorten_ip(&frame, cases[c].ip_len + (flow.is_ipv6 ? 40 : 20));
		pkt = shard_accept(&shard, &frame);
		assert_string_equal(fault_name(pkt.fault), fault_name(cases[c].fault));
		assert_class(pkt, cases[c].fault == FAULT_NONE ? "new orig" : "invalid");
		assert_counts(&shard, cases[c].fault == FAULT_NONE, 0, 0);
		shard_close(&shard);
	}
}

// RFC 3828: coverage 0 is all, 1 to 7 or more than there is are wrong, and so is no checksum.
static void
broken_udplite_is_invalid(void **state)
{
	static const struct {
		uint16_t coverage;
		bool has_no_checksum;
		uint32_t changed; // this byte of the datagram, 0: none
		enum fault fault;
	} cases[] = {
		{0, false, 0, FAULT_NONE},          {0, false, 15, FAULT_L4_CHECKSUM},
		{8, false, 0, FAULT_NONE},          {8, false, 15, FAULT_NONE}, // not covered
		{12, false, 11, FAULT_L4_CHECKSUM}, {12, false, 12, FAULT_NONE},
		{16, false, 0, FAULT_NONE},         {1, false, 0, FAULT_L4_LENGTH},
		{7, false, 0, FAULT_L4_LENGTH},     {17, false, 0, FAULT_L4_LENGTH},
		{0, true, 0, FAULT_L4_CHECKSUM},
	};

	(void)state;
	for (size_t i = 0; i < 2 * RTE_DIM(cases); i++) {
		const size_t c = i / 2;
		const struct flow flow = {.is_ipv6 = i % 2 == 1};
		struct shard shard;
		struct frame frame;
		uint8_t *udplite;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		fixture_begin(&frame, &flow, CLIENT);
		udplite = frame_udplite(&frame, 5000, 53,
					cases[c].coverage > 16 ? 16 : cases[c].coverage);
		frame_data(&frame, 8);
		frame_end(&frame);
		udplite[5] = (uint8_t)cases[c].coverage;
		if (cases[c].has_no_checksum)
			udplite[6] = udplite[7] = 0;
		if (cases[c].changed != 0)
			udplite[cases[c].changed] ^= 0x40;
		pkt = shard_accept(&shard, &frame);
		assert_string_equal(fault_name(pkt.fault), fault_name(cases[c].fault));
		shard_close(&shard);
	}
}

// Packets and their bytes from layer 3 on, per direction; nothing when it is switched off.
static void
accounting_counts_what_was_accepted(void **state)
{
	const struct flow flow = {.sport = 5000, .dport = 53};

	(void)state;
	for (int on = 0; on <= 1; on++) {
		struct ct_params params = shard_params();
		struct shard shard;
		struct frame frame;
		struct ct_entry entry;

		params.accounting = on == 1;
		shard_open(&shard, &(struct shard_options){.params = &params});
		for (unsigned int n = 0; n < 3; n++) {
			fixture_begin(&frame, &flow, CLIENT);
			frame_udp(&frame, 5000, 53);
			frame_data(&frame, 100 * n);
			frame_end(&frame);
			for (int i = 0; i < 6; i++) // Ethernet's padding does not count
				frame.bytes[frame.len++] = 0;
			shard_accept(&shard, &frame);
		}
		frame.bytes[34] ^= 1; // invalid: another port than its checksum says
		shard_accept(&shard, &frame);
		fixture_udp(&frame, &flow, SERVER);
		shard_accept(&shard, &frame);
		assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
		assert_int_equal(entry.has_counters, on);
		assert_int_equal(entry.packets[DIR_ORIG], on * 3);
		assert_int_equal(entry.octets[DIR_ORIG], on * (3 * 28 + 300));
		assert_int_equal(entry.packets[DIR_REPLY], on);
		assert_int_equal(entry.octets[DIR_REPLY], on * 28);
		shard_close(&shard);
	}
}

// UDP's events: new, the first reply, becoming a stream; nothing for the packets between.
static void
udp_is_told_in_four_events(void **state)
{
	const struct flow flow = {.sport = 5000, .dport = 53};
	struct shard shard;
	struct frame frame;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 15});
	for (int i = 0; i < 6; i++) {
		fixture_udp(&frame, &flow, i % 2 == 0 ? CLIENT : SERVER);
		shard_accept(&shard, &frame);
		shard_wait(&shard, 1);
	}
	shard_wait(&shard, 119);
	shard_expire(&shard);
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "update 30");
	assert_event(&shard, "update 120 [ASSURED]");
	assert_event(&shard, "destroy 0 [ASSURED]");
	assert_event(&shard, "none");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_that_goes_on_becomes_a_stream),
		cmocka_unit_test(udp_without_answer_stays_new),
		cmocka_unit_test(udplite_is_a_stream_with_the_first_packet_behind_the_answer),
		cmocka_unit_test(icmp_is_kept_for_30_s_by_either_side),
		cmocka_unit_test(gre_is_a_stream_with_the_first_packet_behind_the_answer),
		cmocka_unit_test(any_other_protocol_is_kept_for_600_s),
		cmocka_unit_test(timeouts_are_those_configured),
		cmocka_unit_test(broken_udp_is_invalid),
		cmocka_unit_test(broken_udplite_is_invalid),
		cmocka_unit_test(accounting_counts_what_was_accepted),
		cmocka_unit_test(udp_is_told_in_four_events),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
