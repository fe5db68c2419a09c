// SPDX-License-Identifier: BSD-3-Clause
//
// Which sequence and acknowledgement numbers are believed. The vectors are those measured on Linux
// 6.18; the others follow from the four bounds by arithmetic, which the comments show. A segment
// that passes without being believed leaves the timeout running: one second less.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

#define ACCEPTED   "established orig: 432000 ESTABLISHED [ASSURED]"
#define UNACKED    "established orig: 300 ESTABLISHED [ASSURED]" // accepted, and data is on its way
#define PASSES     "established orig: 431999 ESTABLISHED [ASSURED]"
#define INVALID    "invalid: 431999 ESTABLISHED [ASSURED]"
#define S_ACCEPTED "established reply: 432000 ESTABLISHED [ASSURED]"
#define S_UNACKED  "established reply: 300 ESTABLISHED [ASSURED]"
#define S_PASSES   "established reply: 431999 ESTABLISHED [ASSURED]"

// The server's SYN-ACK lets the client send up to 101 + 65535 = 65636.
static void
bound_1_is_what_the_peer_lets_it_send(void **state)
{
	static const struct segment vectors[] = {
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 65636, 501, 65535, 0, UNACKED),
		C(ACK, 65637, 501, 65535, 0, PASSES), // overshoot: not above the server's window
		C(ACK, 131170, 501, 65535, 0, PASSES),
		C(ACK, 131171, 501, 65535, 0, INVALID),
		C(ACK, 101, 501, 65535, 1460, UNACKED),
		// Data may begin at the bound.
		C(ACK, 65636, 501, 65535, 1460, UNACKED),
		// The overshoot is that of the end: 129711 + 1460 = 131171.
		C(ACK, 129711, 501, 65535, 1460, INVALID),
		C(ACK, 129710, 501, 65535, 1460, PASSES),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

static void
bound_2_is_what_the_peer_could_still_want(void **state)
{
	static const struct segment vectors[] = {
		C(ACK, 101 - UINT32_C(65535), 501, 65535, 0, ACCEPTED),
		C(ACK, 101 - UINT32_C(65536), 501, 65535, 0, PASSES),
		C(ACK, 101 - UINT32_C(500000), 501, 65535, 0, PASSES),
		// What counts is where it ends.
		C(ACK, 101 - UINT32_C(65635), 501, 65535, 100, ACCEPTED),
		C(ACK, 101 - UINT32_C(65636), 501, 65535, 100, PASSES),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

static void
bound_3_is_what_the_peer_has_sent(void **state)
{
	static const struct segment vectors[] = {
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 502, 65535, 0, INVALID),
		C(ACK, 101, 100000, 65535, 0, INVALID),
		C(ACK, 101, 501 + (UINT32_C(1) << 30), 65535, 0, INVALID),
	};
	static const struct segment more_was_sent[] = {
		HANDSHAKE,
		S(ACK, 501, 101, 65535, 100, S_UNACKED),
		C(ACK, 101, 602, 65535, 0, "invalid: 299 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 601, 65535, 0, ACCEPTED),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
	assert_segments(more_was_sent, NULL);
}

static void
bound_4_is_data_from_long_ago(void **state)
{
	static const struct segment vectors[] = {
		C(ACK, 101, 501 - UINT32_C(66000), 65535, 0, ACCEPTED),
		C(ACK, 101, 501 - UINT32_C(66001), 65535, 0, PASSES),
		C(ACK, 101, 501 - UINT32_C(500000), 65535, 0, PASSES),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

// I, then III, then II and IV: what is invalid by one is not saved by another.
static void
the_bounds_have_an_order(void **state)
{
	static const struct segment vectors[] = {
		// An overshoot is harmless only when nothing else is wrong.
		C(ACK, 65637, 502, 65535, 0, INVALID),
		C(ACK, 65637, 501 - UINT32_C(66001), 65535, 0, INVALID),
		// Below II, and acknowledging what was never sent.
		C(ACK, 101 - UINT32_C(65536), 502, 65535, 0, INVALID),
		C(ACK, 101 - UINT32_C(65536), 501 - UINT32_C(66001), 65535, 0, PASSES),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

static void
the_same_holds_for_the_server(void **state)
{
	static const struct segment vectors[] = {
		S(ACK, 501, 101, 65535, 0, S_ACCEPTED),
		S(ACK, 66036, 101, 65535, 0, S_UNACKED), // 501 + 65535
		S(ACK, 66037, 101, 65535, 0, S_PASSES),
		S(ACK, 131570, 101, 65535, 0, S_PASSES),
		S(ACK, 131571, 101, 65535, 0, INVALID),
		S(ACK, 501, 102, 65535, 0, INVALID),
		S(ACK, 501 - UINT32_C(65535), 101, 65535, 0, S_ACCEPTED),
		S(ACK, 501 - UINT32_C(65536), 101, 65535, 0, S_PASSES),
		S(ACK, 501, 101 - UINT32_C(66000), 65535, 0, S_ACCEPTED),
		S(ACK, 501, 101 - UINT32_C(66001), 65535, 0, S_PASSES),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

// What was let through too far is data that the peer may acknowledge.
static void
an_overshoot_may_be_acknowledged(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(ACK, 70000, 501, 65535, 1000, PASSES),
		S(ACK, 501, 71001, 65535, 0, "invalid: 431998 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 71000, 65535, 0, S_ACCEPTED),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// Data from within the window may end beyond it; the window was larger than thought: 65535 + 100.
static void
data_beyond_the_bound_widens_the_window(void **state)
{
	static const struct segment widened[] = {
		HANDSHAKE,
		C(ACK, 65636, 501, 65535, 100, UNACKED),
		C(ACK, 101, 501, 65535, 0, UNACKED), // 65736 - 65635
		C(ACK, 100, 501, 65535, 0, "established orig: 299 ESTABLISHED [ASSURED]"),
	};

	(void)state;
	assert_segments(widened, NULL);
}

// A closed window lets one byte through, to probe it.
static void
a_closed_window_may_be_probed(void **state)
{
	static const struct segment in[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 0, 0, "established reply: 60 SYN_RECV"),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 501, 65535, 1, UNACKED),
		C(ACK, 102, 501, 65535, 1, UNACKED),
	};
	// 101 + 0, and one for the probe: up to 102. The window counts as 1.
	static const struct segment out[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 0, 0, "established reply: 60 SYN_RECV"),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 103, 501, 65535, 0, INVALID),
	};

	(void)state;
	assert_segments(in, NULL);
	assert_segments(out, NULL);
}

// Liberal: no number is wrong, and none that would be is learnt from. Data that overshot is still
// remembered as not acknowledged.
static void
liberal_tracking_accepts_any_number(void **state)
{
	static const struct segment vectors[] = {
		C(ACK, 131171, 501, 65535, 0, ACCEPTED),
		C(ACK, 65637, 501, 65535, 0, UNACKED),
		C(ACK, 101, 502, 65535, 0, ACCEPTED),
		C(ACK, 101 - UINT32_C(65536), 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 501 - UINT32_C(66001), 65535, 0, ACCEPTED),
	};
	static const struct segment nothing_is_learnt[] = {
		HANDSHAKE, S(ACK, 501, 4000000, 65535, 0, S_ACCEPTED),
		C(ACK, 65636, 501, 65535, 0, UNACKED), // the bound that it was
	};
	struct ct_params params = shard_params();

	(void)state;
	params.tcp_be_liberal = true;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), &params);
	assert_segments(nothing_is_learnt, &params);
}

// Each row of vectors behind a handshake, in every play, with what a rule asked for.
static void
assert_each_with_window(const struct segment vectors[], unsigned int n, enum ct_window window)
{
	for (unsigned int i = 0; i < n * N_PLAYS; i++) {
		const struct segment rows[] = {HANDSHAKE, vectors[i / N_PLAYS]};
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		shard.set_window = (uint8_t)(window + 1);
		segments_run(&shard, &segments_plays[i % N_PLAYS], rows, RTE_DIM(rows), __FILE__);
		shard_close(&shard);
	}
}

// A rule may ask for the windows of Linux 5.10, or for none, when a connection begins.
static void
a_rule_chooses_how_strict_windows_are(void **state)
{
	static const struct segment strict[] = {
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 65636, 501, 65535, 0, UNACKED),
		C(ACK, 65637, 501, 65535, 0, INVALID),
		C(ACK, 101, 502, 65535, 0, INVALID),
		C(ACK, 101 - UINT32_C(65535), 501, 65535, 0, ACCEPTED),
		C(ACK, 101 - UINT32_C(65536), 501, 65535, 0, INVALID),
		C(ACK, 101, 501 - UINT32_C(66000), 65535, 0, ACCEPTED),
		C(ACK, 101, 501 - UINT32_C(66001), 65535, 0, INVALID),
	};
	static const struct segment as_linux[] = {
		C(ACK, 65637, 501, 65535, 0, PASSES),
		C(ACK, 101, 502, 65535, 0, INVALID),
		C(ACK, 101 - UINT32_C(65536), 501, 65535, 0, PASSES),
	};
	static const struct segment liberal[] = {
		C(ACK, 131171, 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 502, 65535, 0, ACCEPTED),
		C(ACK, 101 - UINT32_C(65536), 501, 65535, 0, ACCEPTED),
	};

	(void)state;
	assert_each_with_window(strict, RTE_DIM(strict), CT_WINDOW_STRICT);
	assert_each_with_window(as_linux, RTE_DIM(as_linux), CT_WINDOW_LINUX);
	assert_each_with_window(liberal, RTE_DIM(liberal), CT_WINDOW_LIBERAL);
}

// Picked up mid-stream, without scaling known: both sides are treated liberally.
static void
a_flow_may_be_picked_up(void **state)
{
	static const struct segment rows[] = {
		C(ACK, 1000, 5000, 500, 0, "new orig: 300 ESTABLISHED [UNREPLIED]"),
		S(ACK, 5000, 1000, 500, 0, "established reply: 300 ESTABLISHED"),
		C(ACK, 1000, 5000, 500, 0, ACCEPTED),
		C(ACK, 4000000, 9000000, 500, 0, ACCEPTED),
		S(ACK, 4000000, 9000000, 500, 0, S_ACCEPTED),
	};
	static const struct segment with_data[] = {
		C(ACK | PSH, 1000, 5000, 500, 100, "new orig: 300 ESTABLISHED [UNREPLIED]"),
		S(ACK, 5000, 1100, 500, 0, "established reply: 300 ESTABLISHED"),
		S(ACK, 5000, 1100, 500, 0, S_ACCEPTED),
	};
	static const struct segment refused[] = {
		C(ACK, 1000, 5000, 500, 0, "invalid: none"),
		S(ACK, 5000, 1000, 500, 0, "invalid: none"),
	};
	static const struct segment no_beginning[] = {
		C(SYN | ACK, 100, 501, 65535, 0, "invalid: none"),
		C(FIN | ACK, 100, 501, 65535, 0, "invalid: none"),
		C(RST, 100, 0, 0, 0, "invalid: none"),
	};
	struct ct_params params = shard_params();

	(void)state;
	assert_segments(rows, NULL);
	assert_segments(with_data, NULL);
	assert_segments(no_beginning, NULL);
	params.tcp_loose = false;
	assert_segments(refused, &params);
}

// A handshake that begins anew, with a later number: the filter follows.
static void
a_later_syn_begins_the_window_anew(void **state)
{
	static const struct segment client_again[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		C(SYN, 3000, 0, 65535, 0, "new orig: 119 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 3001, 65535, 0, "established reply: 60 SYN_RECV"),
		C(ACK, 3001, 501, 65535, 0, ACCEPTED),
	};
	static const struct segment wrong_answer[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 102, 65535, 0, "invalid: 119 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	};
	// The stale one had a higher number than the one that is right.
	static const struct segment stale_answer[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 10000, 7000, 65535, 0, "invalid: 119 SYN_SENT [UNREPLIED]"),
		C(SYN, 100, 0, 65535, 0, "new orig: 118 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
	};

	// So far above that the right one is below the window: it passes, and nobody is the wiser.
	static const struct segment far_stale_answer[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 90000, 7000, 65535, 0, "invalid: 119 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 118 SYN_SENT"),
		C(ACK, 101, 501, 65535, 0, "invalid: 117 SYN_SENT"),
	};

	(void)state;
	assert_segments(client_again, NULL);
	assert_segments(wrong_answer, NULL);
	assert_segments(stale_answer, NULL);
	assert_segments(far_stale_answer, NULL);
}

// A retransmission of the very first data, long acknowledged, is no reason to refuse: the host must
// get it, to answer with an ACK.
static void
an_old_retransmission_passes(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		S(ACK, 501, 101, 65535, 1460, S_UNACKED),
		C(ACK, 101, 1961, 65535, 0, ACCEPTED),
		S(ACK, 60000, 101, 65535, 1000, S_UNACKED),
		C(ACK, 101, 61000, 65535, 0, ACCEPTED),
		S(ACK, 126000, 101, 65535, 535, S_UNACKED),
		C(ACK, 101, 126535, 65535, 0, ACCEPTED),
		// 501 + 1460 is below 126535 - 65535 = 61000.
		S(ACK, 501, 101, 65535, 1460, S_PASSES),
		C(ACK, 101, 126535, 65535, 0, ACCEPTED),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// A FIN or RST that is outside is refused; when both sides send one, days become five minutes.
static void
refused_ends_of_both_sides_shorten_the_timeout(void **state)
{
	static const struct segment both[] = {
		HANDSHAKE,
		C(FIN | ACK, 200000, 501, 65535, 0, INVALID),
		S(FIN | ACK, 200000, 101, 65535, 0, "invalid: 300 ESTABLISHED [ASSURED]"),
	};
	static const struct segment rst_and_fin[] = {
		HANDSHAKE,
		S(RST, 200000, 0, 0, 0, INVALID),
		C(FIN | ACK, 101, 502, 65535, 0, "invalid: 300 ESTABLISHED [ASSURED]"),
	};
	static const struct segment one_side[] = {
		HANDSHAKE,
		C(FIN | ACK, 200000, 501, 65535, 0, INVALID),
		C(FIN | ACK, 200000, 501, 65535, 0, "invalid: 431998 ESTABLISHED [ASSURED]"),
		C(FIN | ACK, 200000, 501, 65535, 0, "invalid: 431997 ESTABLISHED [ASSURED]"),
	};
	// A segment that is good comes between them.
	static const struct segment forgotten[] = {
		HANDSHAKE,
		C(FIN | ACK, 200000, 501, 65535, 0, INVALID),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		S(FIN | ACK, 200000, 101, 65535, 0, INVALID),
	};
	// Not assured: nothing is known well enough to shorten anything.
	static const struct segment not_assured[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		C(FIN | ACK, 200000, 501, 65535, 0, "invalid: 59 SYN_RECV"),
		S(FIN | ACK, 200000, 101, 65535, 0, "invalid: 58 SYN_RECV"),
	};

	(void)state;
	assert_segments(both, NULL);
	assert_segments(rst_and_fin, NULL);
	assert_segments(one_side, NULL);
	assert_segments(forgotten, NULL);
	assert_segments(not_assured, NULL);
}

// No fewer than 20 bytes, no data offset below 5 or beyond the packet, a checksum that is right.
static void
a_broken_header_is_invalid(void **state)
{
	static const struct {
		uint8_t data_offset;
		uint32_t ip_len; // 0: as it is
		bool is_changed; // behind its checksum
		bool checks;
		enum fault fault;
	} cases[] = {
		{0x50, 0, false, true, FAULT_NONE},
		{0x50, 0, true, true, FAULT_L4_CHECKSUM},
		{0x50, 0, true, false, FAULT_NONE},
		{0x40, 0, false, true, FAULT_TCP_OFFSET},
		{0x10, 0, false, true, FAULT_TCP_OFFSET},
		{0x60, 0, false, true, FAULT_TCP_OFFSET}, // 24 bytes of 20
		{0xf0, 0, false, true, FAULT_TCP_OFFSET},
		{0x50, 39, false, true, FAULT_L4_SHORT}, // 19 of 20 bytes
		{0x50, 24, false, true, FAULT_L4_SHORT}, // the ports alone
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct segment syn = C(SYN, 100, 0, 65535, 0, NULL);
		struct ct_params params = shard_params();
		struct shard shard;
		struct frame frame;
		struct pkt pkt;

		params.checksum = cases[i].checks;
		shard_open(&shard, &(struct shard_options){.params = &params});
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_tcp(&frame, &(struct frame_tcp){1000, 80, syn.flags, 100, 0, 65535})[12] =
			cases[i].data_offset;
		frame_end(&frame);
		frame.bytes[frame.len - 1] ^= cases[i].is_changed;
		if (cases[i].ip_len > 0)
			frame_shorten_ip(&frame, cases[i].ip_len);
		pkt = shard_accept(&shard, &frame);
		assert_string_equal(fault_name(pkt.fault), fault_name(cases[i].fault));
		assert_class(pkt, cases[i].fault == FAULT_NONE ? "new orig" : "invalid");
		assert_entry(&shard,
			     cases[i].fault == FAULT_NONE ? "120 SYN_SENT [UNREPLIED]" : "none");
		shard_close(&shard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_1_is_what_the_peer_lets_it_send),
		cmocka_unit_test(bound_2_is_what_the_peer_could_still_want),
		cmocka_unit_test(bound_3_is_what_the_peer_has_sent),
		cmocka_unit_test(bound_4_is_data_from_long_ago),
		cmocka_unit_test(the_bounds_have_an_order),
		cmocka_unit_test(the_same_holds_for_the_server),
		cmocka_unit_test(an_overshoot_may_be_acknowledged),
		cmocka_unit_test(data_beyond_the_bound_widens_the_window),
		cmocka_unit_test(a_closed_window_may_be_probed),
		cmocka_unit_test(liberal_tracking_accepts_any_number),
		cmocka_unit_test(a_rule_chooses_how_strict_windows_are),
		cmocka_unit_test(a_flow_may_be_picked_up),
		cmocka_unit_test(a_later_syn_begins_the_window_anew),
		cmocka_unit_test(an_old_retransmission_passes),
		cmocka_unit_test(refused_ends_of_both_sides_shorten_the_timeout),
		cmocka_unit_test(a_broken_header_is_invalid),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
