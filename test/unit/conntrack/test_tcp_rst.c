// SPDX-License-Identifier: BSD-3-Clause
//
// Which RST is believed: RFC 5961, section 3, as Linux 6.18 does it. The vectors were measured.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

#define CLOSES  "established orig: 10 CLOSE [ASSURED]"
#define INEXACT "established orig: 10 ESTABLISHED [ASSURED]" // the host may challenge it
#define PASSES  "established orig: 431999 ESTABLISHED [ASSURED]"
#define INVALID "invalid: 431999 ESTABLISHED [ASSURED]"

// The server has acknowledged up to 101, and lets the client send up to 65636.
static void
only_the_exact_number_closes(void **state)
{
	static const struct segment vectors[] = {
		C(RST, 101, 0, 0, 0, CLOSES),
		C(RST | ACK, 101, 501, 0, 0, CLOSES),
		C(RST, 100, 0, 0, 0, INVALID),
		C(RST, 102, 0, 0, 0, INEXACT),
		C(RST, 65636, 0, 0, 0, INEXACT),
		C(RST, 65637, 0, 0, 0, PASSES),
		C(RST, 200000, 0, 0, 0, INVALID),
		S(RST, 501, 0, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
		S(RST, 500, 0, 0, 0, INVALID),
		S(RST, 502, 0, 0, 0, "established reply: 10 ESTABLISHED [ASSURED]"),
		S(RST, 66037, 0, 0, 0, "established reply: 431999 ESTABLISHED [ASSURED]"),
		S(RST, 200000, 0, 0, 0, INVALID),
	};

	(void)state;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), NULL);
}

static void
a_rst_behind_its_own_data_closes(void **state)
{
	static const struct segment exact[] = {
		HANDSHAKE,
		C(ACK | PSH, 101, 501, 65535, 19, "established orig: 300 ESTABLISHED [ASSURED]"),
		C(RST, 120, 0, 0, 0, CLOSES),
	};
	static const struct segment one_too_far[] = {
		HANDSHAKE,
		C(ACK | PSH, 101, 501, 65535, 19, "established orig: 300 ESTABLISHED [ASSURED]"),
		C(RST, 121, 0, 0, 0, INEXACT),
	};
	// The data of the other side says nothing about this one's numbers.
	static const struct segment other_sides_data[] = {
		HANDSHAKE,
		S(ACK | PSH, 501, 101, 65535, 19, "established reply: 300 ESTABLISHED [ASSURED]"),
		C(RST, 520, 0, 0, 0, INEXACT),
	};

	(void)state;
	assert_segments(exact, NULL);
	assert_segments(one_too_far, NULL);
	assert_segments(other_sides_data, NULL);
}

// Ten seconds are for the challenge (RFC 5961, 3.2): whoever is alive answers it. The RST counts as
// sent up to 102, which is not acknowledged: five minutes.
static void
an_answer_after_an_inexact_rst_restores_the_timeout(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(RST, 102, 0, 0, 0, INEXACT),
		S(ACK, 501, 101, 65535, 0, "established reply: 300 ESTABLISHED [ASSURED]"),
		C(RST, 101, 0, 0, 0, CLOSES),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// Forged ones: below, far above, inside data that was acknowledged, one byte short. Then the right
// one.
static void
forged_resets_are_refused_until_the_right_one(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(ACK, 101, 501, 65535, 1000, "established orig: 300 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 1101, 65535, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
		C(RST, 0, 0, 0, 0, INVALID),
		C(RST, 1000000, 0, 0, 0, "invalid: 431998 ESTABLISHED [ASSURED]"),
		C(RST, 600, 0, 0, 0, "invalid: 431997 ESTABLISHED [ASSURED]"),
		C(RST | ACK, 1100, 501, 0, 0, "invalid: 431996 ESTABLISHED [ASSURED]"),
		C(RST | ACK, 1101, 501, 0, 0, CLOSES),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// On the way to the end, numbers are no longer looked at: the hosts may have forgotten already.
static void
any_number_ends_a_closing_connection(void **state)
{
	static const struct segment in_fin_wait[] = {
		HANDSHAKE,
		C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
		C(RST, 7, 0, 0, 0, CLOSES),
		S(RST, 4000000, 0, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
	};
	// The peer has closed, the local end had unread data; a late RST of the peer is inexact.
	static const struct segment in_close_wait[] = {
		HANDSHAKE,
		S(FIN | ACK, 501, 101, 65535, 0, "established reply: 120 FIN_WAIT [ASSURED]"),
		C(ACK, 101, 502, 65535, 0, "established orig: 60 CLOSE_WAIT [ASSURED]"),
		C(RST | ACK, 101, 502, 0, 0, CLOSES),
		S(RST, 3000, 0, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
	};

	(void)state;
	assert_segments(in_fin_wait, NULL);
	assert_segments(in_close_wait, NULL);
}

// Nobody has answered, or the answer is the RST itself: there is nothing to keep.
static void
before_any_answer_a_rst_ends_the_connection_at_once(void **state)
{
	static const struct segment refused[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(RST | ACK, 0, 101, 0, 0, "established reply: none", .is_seq_zero = true),
	};
	static const struct segment wrong_ack[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(RST | ACK, 0, 200, 0, 0, "invalid: 119 SYN_SENT [UNREPLIED]",
		  .is_seq_zero = true),
	};
	static const struct segment aborted[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		C(RST, 101, 0, 0, 0, "new orig: none"),
	};
	static const struct segment of_a_pickup[] = {
		C(ACK, 1000, 5000, 500, 0, "new orig: 300 ESTABLISHED [UNREPLIED]"),
		C(RST, 1000, 0, 0, 0, "new orig: none"),
	};

	(void)state;
	assert_segments(refused, NULL);
	assert_segments(wrong_ack, NULL);
	assert_segments(aborted, NULL);
	assert_segments(of_a_pickup, NULL);
}

// Its last event shows what the RST made of it; the RST is counted, but has neither refreshed the
// timeout nor counts as an answer.
static void
the_end_of_an_unanswered_connection_is_told_as_such(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(RST | ACK, 0, 101, 0, 0, "established reply: none", .is_seq_zero = true),
	};
	struct shard shard;
	struct ct_event event;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 15});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_DESTROY);
	assert_string_equal(event.entry.state, "CLOSE");
	assert_int_equal(event.entry.status, 0);
	assert_int_equal(event.entry.timeout_sec, 119);
	assert_int_equal(event.entry.packets[DIR_REPLY], 1);
	assert_int_equal(event.entry.octets[DIR_REPLY], 40);
	assert_int_equal(event.seq, 2);
	assert_event(&shard, "none");
	shard_close(&shard);
}

// Some stacks reset with the number 0. It is below what was acknowledged, but not taken for forged
// before the connection is established.
static void
number_zero_is_looked_at_before_it_is_established(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		C(RST, 0, 0, 0, 0, "established orig: 10 CLOSE", .is_seq_zero = true),
	};
	static const struct segment one[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		C(RST, 1, 0, 0, 0, "invalid: 59 SYN_RECV"),
	};

	(void)state;
	// The distance of 0 from the numbers in use is that of the unshifted plays.
	for (unsigned int i = 0; i < 2; i++) {
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		segments_run(&shard, &segments_plays[i], rows, RTE_DIM(rows), __FILE__);
		shard_close(&shard);
	}
	assert_segments(one, NULL);
}

// A SYN that was let through is answered by a RST: its acknowledgement proves it.
static void
an_answer_to_an_ignored_syn_closes(void **state)
{
	static const struct segment right[] = {
		HANDSHAKE,
		C(SYN, 9000, 0, 65535, 0, PASSES),
		S(RST | ACK, 4000000, 9001, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
	};
	static const struct segment wrong[] = {
		HANDSHAKE,
		C(SYN, 9000, 0, 65535, 0, PASSES),
		S(RST | ACK, 4000000, 9002, 0, 0, "invalid: 431998 ESTABLISHED [ASSURED]"),
	};
	// The side that sent the SYN does not answer it.
	static const struct segment own[] = {
		HANDSHAKE,
		C(SYN, 9000, 0, 65535, 0, PASSES),
		C(RST | ACK, 4000000, 9001, 0, 0, "invalid: 431998 ESTABLISHED [ASSURED]"),
	};

	(void)state;
	assert_segments(right, NULL);
	assert_segments(wrong, NULL);
	assert_segments(own, NULL);
}

// A peer that still knows an older connection challenges the SYN, and is reset with the number of
// that challenge. The next SYN is another connection.
static void
the_answer_to_a_challenge_of_the_syn_closes(void **state)
{
	static const struct segment right[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(ACK, 70000, 7777, 65535, 0, "established reply: 119 SYN_SENT"),
		C(RST, 7777, 0, 0, 0, "established orig: 10 CLOSE"),
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV #2"),
		C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED] #2"),
	};
	static const struct segment wrong[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(ACK, 70000, 700000, 65535, 0, "established reply: 119 SYN_SENT"),
		C(RST, 700001, 0, 0, 0, "invalid: 118 SYN_SENT"),
	};

	(void)state;
	assert_segments(right, NULL);
	assert_segments(wrong, NULL);
}

// The client connects again while the server still knows the old connection: SYN, challenge, reset
// with the exact number, and the SYN once more.
static void
a_server_that_lost_nothing_is_reset_by_its_client(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(SYN, 90000, 0, 65535, 0, PASSES),
		S(ACK, 501, 101, 65535, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
		C(RST | ACK, 101, 501, 0, 0, CLOSES),
		C(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
		S(SYN | ACK, 700, 90001, 65535, 0, "established reply: 60 SYN_RECV #2"),
	};

	(void)state;
	assert_segments(rows, NULL);
}

static void
liberal_tracking_still_refuses_what_is_below(void **state)
{
	static const struct segment vectors[] = {
		C(RST, 100, 0, 0, 0, INVALID),
		C(RST, 200000, 0, 0, 0, INEXACT),
		C(RST, 101, 0, 0, 0, CLOSES),
	};
	struct ct_params params = shard_params();

	(void)state;
	params.tcp_be_liberal = true;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), &params);
}

static void
a_rst_below_may_be_let_through(void **state)
{
	static const struct segment vectors[] = {
		C(RST, 100, 0, 0, 0, INEXACT),
		C(RST, 101, 0, 0, 0, CLOSES),
	};
	struct ct_params params = shard_params();

	(void)state;
	params.tcp_ignore_invalid_rst = true;
	assert_each_after_handshake(vectors, RTE_DIM(vectors), &params);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_exact_number_closes),
		cmocka_unit_test(a_rst_behind_its_own_data_closes),
		cmocka_unit_test(an_answer_after_an_inexact_rst_restores_the_timeout),
		cmocka_unit_test(forged_resets_are_refused_until_the_right_one),
		cmocka_unit_test(any_number_ends_a_closing_connection),
		cmocka_unit_test(before_any_answer_a_rst_ends_the_connection_at_once),
		cmocka_unit_test(the_end_of_an_unanswered_connection_is_told_as_such),
		cmocka_unit_test(number_zero_is_looked_at_before_it_is_established),
		cmocka_unit_test(an_answer_to_an_ignored_syn_closes),
		cmocka_unit_test(the_answer_to_a_challenge_of_the_syn_closes),
		cmocka_unit_test(a_server_that_lost_nothing_is_reset_by_its_client),
		cmocka_unit_test(liberal_tracking_still_refuses_what_is_below),
		cmocka_unit_test(a_rst_below_may_be_let_through),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
