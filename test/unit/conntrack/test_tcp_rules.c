// SPDX-License-Identifier: BSD-3-Clause
//
// What the state table of TCP cannot say in a cell: reopening, segments that are let through and
// what explains them later, simultaneous open; then the choice of the timeout and ASSURED.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

#define PASSES "established orig: 431999 ESTABLISHED [ASSURED]"

#define CLOSED_BY_CLIENT                                                                           \
	HANDSHAKE, C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),   \
		S(ACK, 501, 102, 65535, 0, "established reply: 60 CLOSE_WAIT [ASSURED]"),          \
		S(FIN | ACK, 501, 102, 65535, 0, "established reply: 30 LAST_ACK [ASSURED]"),      \
		C(ACK, 102, 502, 65535, 0, "established orig: 120 TIME_WAIT [ASSURED]")

static void
a_connection_closed_in_order_is_reopened_by_either_side(void **state)
{
	static const struct segment by_client[] = {
		CLOSED_BY_CLIENT,
		C(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};
	static const struct segment by_server[] = {
		CLOSED_BY_CLIENT,
		S(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};
	// A RST behind the FINs changes nothing about that.
	static const struct segment reset_as_well[] = {
		CLOSED_BY_CLIENT,
		S(RST, 502, 0, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};
	// It is enough that one side closed first.
	static const struct segment half_closed[] = {
		HANDSHAKE,
		S(FIN | ACK, 501, 101, 65535, 0, "established reply: 120 FIN_WAIT [ASSURED]"),
		C(RST, 101, 0, 0, 0, "established orig: 10 CLOSE [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};

	(void)state;
	assert_segments(by_client, NULL);
	assert_segments(by_server, NULL);
	assert_segments(reset_as_well, NULL);
	assert_segments(half_closed, NULL);
}

static void
a_connection_that_was_reset_is_reopened_by_who_did_it(void **state)
{
	static const struct segment same_side[] = {
		HANDSHAKE,
		C(RST, 101, 0, 0, 0, "established orig: 10 CLOSE [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};
	// The RST may be forged; the SYN is let through and the old connection stays.
	static const struct segment other_side[] = {
		HANDSHAKE,
		S(RST, 501, 0, 0, 0, "established reply: 10 CLOSE [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "established orig: 9 CLOSE [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "established orig: 8 CLOSE [ASSURED]"),
	};

	(void)state;
	assert_segments(same_side, NULL);
	assert_segments(other_side, NULL);
}

static void
reopening_destroys_the_old_connection_first(void **state)
{
	static const struct segment rows[] = {CLOSED_BY_CLIENT};
	const struct segment syn = C(SYN, 90000, 0, 65535, 0, NULL);
	struct shard shard;
	struct frame frame;
	struct ct_event event;
	struct ct_entry old;
	struct pkt pkt;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 31});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &old));
	while (shard_event(&shard, &event))
		;
	segments_frame(&frame, &segments_plays[0], &syn);
	pkt = shard_accept(&shard, &frame);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_DESTROY);
	assert_int_equal(event.entry.id, old.id);
	assert_int_equal(event.seq, pkt.seq);
	assert_string_equal(event.entry.state, "TIME_WAIT");
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_NEW);
	assert_int_equal(event.entry.id, pkt.conn_id);
	assert_event(&shard, "none");
	assert_counts(&shard, 1, 0, 0);

	// Refused by a rule, the SYN still ends what was there before.
	shard_close(&shard);
	shard_open(&shard, &(struct shard_options){0});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	pkt = shard_refuse(&shard, &frame);
	assert_class(pkt, "new orig");
	assert_counts(&shard, 0, 0, 0);
	shard_close(&shard);
}

// While its listener is stuck, whatever dies stays: a host that reopens for ever must not take
// more memory than there is.
static void
endless_reopening_ends_with_the_memory(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, NULL),
		S(SYN | ACK, 500, 101, 65535, 0, NULL),
		C(RST, 101, 0, 0, 0, NULL),
	};
	struct ct_params params = shard_params();
	struct shard shard;
	struct ct_stats stats;
	const uint32_t n_slots = 2 + BURST_MAX; // some are kept for heirs of the dying

	(void)state;
	params.max_connections = 2;
	shard_open(&shard, &(struct shard_options){.params = &params, .event_ring = 1});
	for (uint32_t i = 0; i < 2 * n_slots; i++) {
		segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
		assert_true(ct_n_slots(shard.ct) <= n_slots);
	}
	ct_stats_read(shard.ct, &stats);
	assert_true(stats.table_full > 0);
	assert_int_equal(ct_count(shard.ct).unconfirmed, 0);
	assert_true(ct_count(shard.ct).dying <= n_slots);
	shard_close(&shard);
}

// A SYN on a live connection passes and changes nothing: not even the counters.
static void
what_is_ignored_is_not_counted(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(SYN, 9000, 0, 65535, 0, PASSES),
		S(SYN | ACK, 7000, 5, 65535, 0, "established reply: 431998 ESTABLISHED [ASSURED]"),
	};
	struct shard shard;
	struct ct_entry entry;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
	assert_int_equal(entry.packets[DIR_ORIG], 2);
	assert_int_equal(entry.octets[DIR_ORIG], 80);
	assert_int_equal(entry.packets[DIR_REPLY], 1);
	shard_close(&shard);
}

// Both hosts had forgotten the old connection: the answer to the SYN that was let through shows it.
static void
an_answer_to_an_ignored_syn_begins_anew(void **state)
{
	static const struct segment right[] = {
		HANDSHAKE,
		C(SYN, 90000, 0, 65535, 0, PASSES),
		S(SYN | ACK, 700000, 90001, 65535, 0, "established reply: 60 SYN_RECV [ASSURED]"),
		C(ACK, 90001, 700001, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
		C(ACK, 90001, 700002, 65535, 0, "invalid: 431999 ESTABLISHED [ASSURED]"),
	};
	static const struct segment wrong[] = {
		HANDSHAKE,
		C(SYN, 90000, 0, 65535, 0, PASSES),
		S(SYN | ACK, 700000, 90002, 65535, 0,
		  "established reply: 431998 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	};

	(void)state;
	assert_segments(right, NULL);
	assert_segments(wrong, NULL);
}

static void
a_challenge_in_last_ack_is_no_acknowledgement_of_the_fin(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
		S(FIN | ACK, 501, 102, 65535, 0, "established reply: 30 LAST_ACK [ASSURED]"),
		C(SYN, 90000, 0, 65535, 0, "established orig: 29 LAST_ACK [ASSURED]"),
		S(ACK, 502, 102, 65535, 0, "established reply: 28 LAST_ACK [ASSURED]"),
		S(ACK, 502, 102, 65535, 0, "established reply: 120 TIME_WAIT [ASSURED]"),
	};
	static const struct segment without_syn[] = {
		HANDSHAKE,
		C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
		S(FIN | ACK, 501, 102, 65535, 0, "established reply: 30 LAST_ACK [ASSURED]"),
		S(ACK, 502, 102, 65535, 0, "established reply: 120 TIME_WAIT [ASSURED]"),
	};

	(void)state;
	assert_segments(rows, NULL);
	assert_segments(without_syn, NULL);
}

// RFC 9293, 3.5: both send a SYN, both answer it. Only then does an ACK of the reply direction
// complete the handshake.
static void
both_sides_may_open_at_the_same_time(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN, 500, 0, 65535, 0, "established reply: 119 SYN_SENT2"),
		C(SYN | ACK, 100, 501, 65535, 0, "established orig: 60 SYN_RECV"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 59 SYN_RECV"),
		S(ACK, 501, 101, 65535, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
	};
	static const struct segment one_side[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		S(ACK, 501, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	};

	(void)state;
	assert_segments(rows, NULL);
	assert_segments(one_side, NULL);
}

// A client that keeps trying does not keep its connection alive: 120 s after the first SYN it is
// gone, and the next one begins another.
static void
retransmitted_syns_do_not_keep_it_alive(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		C(SYN, 100, 0, 65535, 0, "new orig: 119 SYN_SENT [UNREPLIED]"),
		C(SYN, 100, 0, 65535, 0, "new orig: 1 SYN_SENT [UNREPLIED]", .after = 118),
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED] #2"),
	};

	(void)state;
	assert_segments(rows, NULL);
}

static void
data_on_its_way_is_waited_for_five_minutes(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(ACK, 101, 501, 65535, 100, "established orig: 300 ESTABLISHED [ASSURED]"),
		C(ACK, 201, 501, 65535, 100, "established orig: 300 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 201, 65535, 0, "established reply: 300 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 301, 65535, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 301, 65535, 100, "established reply: 300 ESTABLISHED [ASSURED]"),
		C(ACK, 301, 601, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// The fourth of the same ACK: its third repetition.
static void
the_same_ack_again_and_again_shortens_the_timeout(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 0, "established orig: 300 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 0, "established orig: 300 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65534, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	};
	static const struct segment sooner[] = {
		HANDSHAKE,
		C(ACK, 101, 501, 65535, 0, "established orig: 300 ESTABLISHED [ASSURED]"),
	};
	struct ct_params params = shard_params();

	(void)state;
	assert_segments(rows, NULL);
	params.tcp_max_retrans = 1;
	assert_segments(sooner, &params);
}

static void
a_closed_window_shortens_the_timeout(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		S(ACK, 501, 101, 0, 0, "established reply: 300 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 101, 1000, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// Each state has the timeout that was configured for it; the shortenings are no lengthenings.
static void
timeouts_are_those_configured(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 11 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 12 SYN_RECV"),
		C(ACK, 101, 501, 65535, 0, "established orig: 1300 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 9, "established orig: 900 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 110, 0, 0, "established reply: 800 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 110, 65535, 0, "established reply: 1300 ESTABLISHED [ASSURED]"),
		C(FIN | ACK, 110, 501, 65535, 0, "established orig: 14 FIN_WAIT [ASSURED]"),
		S(ACK, 501, 111, 65535, 0, "established reply: 15 CLOSE_WAIT [ASSURED]"),
		S(FIN | ACK, 501, 111, 65535, 0, "established reply: 16 LAST_ACK [ASSURED]"),
		C(ACK, 111, 502, 65535, 0, "established orig: 17 TIME_WAIT [ASSURED]"),
		C(RST, 111, 0, 0, 0, "established orig: 18 CLOSE [ASSURED]"),
	};
	static const struct segment short_established[] = {
		C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
		C(ACK, 101, 501, 65535, 0, "established orig: 40 ESTABLISHED [ASSURED]"),
		C(ACK, 101, 501, 65535, 9, "established orig: 40 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 110, 0, 0, "established reply: 40 ESTABLISHED [ASSURED]"),
	};
	static const struct segment picked_up[] = {
		C(ACK, 100, 500, 65535, 0, "new orig: 40 ESTABLISHED [UNREPLIED]"),
	};
	struct ct_params params = shard_params();

	(void)state;
	params.timeouts_sec[CT_TIMEOUT_TCP_SYN_SENT] = 11;
	params.timeouts_sec[CT_TIMEOUT_TCP_SYN_RECV] = 12;
	params.timeouts_sec[CT_TIMEOUT_TCP_ESTABLISHED] = 1300;
	params.timeouts_sec[CT_TIMEOUT_TCP_FIN_WAIT] = 14;
	params.timeouts_sec[CT_TIMEOUT_TCP_CLOSE_WAIT] = 15;
	params.timeouts_sec[CT_TIMEOUT_TCP_LAST_ACK] = 16;
	params.timeouts_sec[CT_TIMEOUT_TCP_TIME_WAIT] = 17;
	params.timeouts_sec[CT_TIMEOUT_TCP_CLOSE] = 18;
	params.timeouts_sec[CT_TIMEOUT_TCP_MAX_RETRANS] = 800;
	params.timeouts_sec[CT_TIMEOUT_TCP_UNACKNOWLEDGED] = 900;
	assert_segments(rows, &params);

	params = shard_params();
	params.timeouts_sec[CT_TIMEOUT_TCP_ESTABLISHED] = 40;
	assert_segments(short_established, &params);
	assert_segments(picked_up, &params);
}

// The events of a whole life: one per state, told with what the state is by then.
static void
a_life_is_told_in_events(void **state)
{
	static const struct segment rows[] = {CLOSED_BY_CLIENT};
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 31});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	shard_wait(&shard, 120);
	shard_expire(&shard);
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_event(&shard, "update 60 SYN_RECV");
	assert_event(&shard, "update 432000 ESTABLISHED [ASSURED]");
	assert_event(&shard, "update 120 FIN_WAIT [ASSURED]");
	assert_event(&shard, "update 60 CLOSE_WAIT [ASSURED]");
	assert_event(&shard, "update 30 LAST_ACK [ASSURED]");
	assert_event(&shard, "update 120 TIME_WAIT [ASSURED]");
	assert_event(&shard, "destroy 0 TIME_WAIT [ASSURED]");
	assert_event(&shard, "none");
	shard_close(&shard);
}

// Data on an established connection is no news.
static void
data_is_no_event(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(ACK, 101, 501, 65535, 100, "established orig: 300 ESTABLISHED [ASSURED]"),
		S(ACK, 501, 201, 65535, 0, "established reply: 432000 ESTABLISHED [ASSURED]"),
	};
	struct shard shard;
	struct ct_event event;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 31});
	segments_run(&shard, &segments_plays[0], rows, RTE_DIM(rows), __FILE__);
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.changed, CT_CHANGED_REPLY | CT_CHANGED_STATE);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.changed, CT_CHANGED_ASSURED | CT_CHANGED_STATE);
	assert_event(&shard, "none");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_closed_in_order_is_reopened_by_either_side),
		cmocka_unit_test(a_connection_that_was_reset_is_reopened_by_who_did_it),
		cmocka_unit_test(reopening_destroys_the_old_connection_first),
		cmocka_unit_test(endless_reopening_ends_with_the_memory),
		cmocka_unit_test(what_is_ignored_is_not_counted),
		cmocka_unit_test(an_answer_to_an_ignored_syn_begins_anew),
		cmocka_unit_test(a_challenge_in_last_ack_is_no_acknowledgement_of_the_fin),
		cmocka_unit_test(both_sides_may_open_at_the_same_time),
		cmocka_unit_test(retransmitted_syns_do_not_keep_it_alive),
		cmocka_unit_test(data_on_its_way_is_waited_for_five_minutes),
		cmocka_unit_test(the_same_ack_again_and_again_shortens_the_timeout),
		cmocka_unit_test(a_closed_window_shortens_the_timeout),
		cmocka_unit_test(timeouts_are_those_configured),
		cmocka_unit_test(a_life_is_told_in_events),
		cmocka_unit_test(data_is_no_event),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
