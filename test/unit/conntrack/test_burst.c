// SPDX-License-Identifier: BSD-3-Clause
//
// A burst must not be seen in the answers: what depends on an earlier packet of the same burst
// waits for the next pass, and what does not, does not.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

static const struct flow flow = {.sport = 5000, .dport = 53};
static const struct flow other = {.sport = 5001, .dport = 53};

static void
open_listening(struct shard *shard)
{
	shard_open(shard, &(struct shard_options){.event_ring = 255});
}

// A table with room for more, and one that these flows fill: known flows never wait for room.
static void
unrelated_packets_need_one_pass(void **state)
{
	struct frame frames[BURST_MAX];
	struct pkt pkts[BURST_MAX];
	struct ct_params params = shard_params();
	struct shard shard;

	(void)state;
	for (uint32_t room = 1; room <= 2; room++) {
		params.max_connections = room * BURST_MAX;
		shard_open(&shard, &(struct shard_options){.params = &params, .event_ring = 255});
		for (uint16_t i = 0; i < BURST_MAX; i++)
			fixture_udp(
				&frames[i],
				&(struct flow){.is_ipv6 = i % 2 == 1, .sport = i + 1u, .dport = 53},
				CLIENT);
		assert_int_equal(shard_burst(&shard, frames, BURST_MAX, NULL, pkts), 1);
		assert_counts(&shard, BURST_MAX, 0, 0);
		// Known flows need one pass as well, both directions mixed.
		for (uint16_t i = 0; i < BURST_MAX; i++)
			fixture_udp(
				&frames[i],
				&(struct flow){.is_ipv6 = i % 2 == 1, .sport = i + 1u, .dport = 53},
				SERVER);
		assert_int_equal(shard_burst(&shard, frames, BURST_MAX, NULL, pkts), 1);
		for (uint16_t i = 0; i < BURST_MAX; i++)
			assert_class(pkts[i], "established reply");
		shard_close(&shard);
	}
}

static void
the_second_packet_of_a_new_flow_waits(void **state)
{
	struct frame frames[4];
	struct pkt pkts[4];
	struct shard shard;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frames[0], &flow, CLIENT);
	fixture_udp(&frames[1], &other, CLIENT);
	fixture_udp(&frames[2], &flow, CLIENT); // it and all behind it
	fixture_udp(&frames[3], &other, SERVER);
	assert_int_equal(shard_burst(&shard, frames, 4, NULL, pkts), 2);
	assert_class(pkts[2], "new orig");
	assert_int_equal(pkts[2].conn_id, pkts[0].conn_id);
	assert_class(pkts[3], "established reply");
	assert_int_equal(pkts[3].conn_id, pkts[1].conn_id);
	assert_counts(&shard, 2, 0, 0);
	shard_close(&shard);
}

static enum verdict
drop_all(struct pkt *pkt)
{
	assert_class(*pkt, "new orig");
	return VERDICT_DROP;
}

// The second packet of a refused flow is the first of another: it does not find a trace.
static void
a_refused_flow_is_new_again_in_the_same_burst(void **state)
{
	struct frame frames[3];
	struct pkt pkts[3];
	struct shard shard;
	struct ct_stats stats;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frames[0], &flow, CLIENT);
	fixture_udp(&frames[1], &flow, CLIENT);
	fixture_udp(&frames[2], &flow, SERVER); // nor does the answer
	assert_int_equal(shard_burst(&shard, frames, 3, drop_all, pkts), 3);
	assert_counts(&shard, 0, 0, 0);
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.created, 3);
	assert_event(&shard, "none");
	shard_close(&shard);
}

// A whole connection in one burst, from SYN to the SYN of the next one.
static void
a_whole_life_fits_into_one_burst(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 65535, 0, "new orig"),
		S(SYN | ACK, 500, 101, 65535, 0, "established reply"),
		C(ACK, 101, 501, 65535, 0, "established orig"),
		C(FIN | ACK, 101, 501, 65535, 0, "established orig"),
		S(FIN | ACK, 501, 102, 65535, 0, "established reply"),
		C(ACK, 102, 502, 65535, 0, "established orig"),
		C(SYN, 90000, 0, 65535, 0, "new orig"),
		S(RST | ACK, 0, 90001, 0, 0, "established reply"),
		C(SYN, 91000, 0, 65535, 0, "new orig"),
	};
	struct frame frames[RTE_DIM(rows)];
	struct pkt pkts[RTE_DIM(rows)];
	struct shard shard;

	(void)state;
	open_listening(&shard);
	for (size_t i = 0; i < RTE_DIM(rows); i++)
		segments_frame(&frames[i], &segments_plays[0], &rows[i]);
	shard_burst(&shard, frames, RTE_DIM(rows), NULL, pkts);
	for (size_t i = 0; i < RTE_DIM(rows); i++)
		assert_class(pkts[i], rows[i].expected);
	assert_int_equal(pkts[5].conn_id, pkts[0].conn_id);
	assert_int_equal(pkts[6].conn_id, pkts[6].seq);
	assert_int_equal(pkts[8].conn_id, pkts[8].seq);
	assert_counts(&shard, 1, 0, 0);
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_event(&shard, "update 60 SYN_RECV");
	assert_event(&shard, "update 432000 ESTABLISHED [ASSURED]");
	assert_event(&shard, "update 120 FIN_WAIT [ASSURED]");
	assert_event(&shard, "update 30 LAST_ACK [ASSURED]");
	assert_event(&shard, "update 120 TIME_WAIT [ASSURED]");
	assert_event(&shard, "destroy 120 TIME_WAIT [ASSURED]");
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_event(&shard, "destroy 120 CLOSE [UNREPLIED]"); // not refreshed
	assert_event(&shard, "new 120 SYN_SENT [UNREPLIED]");
	assert_event(&shard, "none");
	shard_close(&shard);
}

static enum verdict
drop_new(struct pkt *pkt)
{
	return pkt->class == CLASS_NEW ? VERDICT_DROP : VERDICT_PENDING;
}

static void
an_error_waits_for_the_flow_it_speaks_of(void **state)
{
	struct frame frames[2];
	struct pkt pkts[2];
	struct shard shard;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frames[0], &flow, CLIENT);
	frame_begin(&frames[1]);
	frame_ethernet(&frames[1]);
	frame_ip(&frames[1], "10.9.0.9", "10.1.0.2");
	frame_icmp(&frames[1], 3, 3, 0);
	frame_ip(&frames[1], "10.1.0.2", "10.2.0.2");
	frame_udp(&frames[1], 5000, 53);
	frame_end(&frames[1]);
	assert_int_equal(shard_burst(&shard, frames, 2, NULL, pkts), 2);
	assert_class(pkts[1], "related reply");
	assert_int_equal(pkts[1].conn_id, pkts[0].conn_id);

	// About a flow that a rule refused, it is invalid.
	shard_wait(&shard, 30);
	shard_expire(&shard);
	shard_burst(&shard, frames, 2, drop_new, pkts);
	assert_class(pkts[1], "invalid");
	shard_close(&shard);
}

// Two packets of a flow that has expired: the first removes it and begins another.
static void
an_expired_flow_begins_again_once(void **state)
{
	struct frame frames[3];
	struct pkt pkts[3];
	struct shard shard;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frames[0], &flow, CLIENT);
	shard_accept(&shard, &frames[0]);
	shard_wait(&shard, 30);
	fixture_udp(&frames[0], &flow, SERVER);
	fixture_udp(&frames[1], &flow, CLIENT);
	fixture_udp(&frames[2], &flow, SERVER);
	shard_burst(&shard, frames, 3, NULL, pkts);
	assert_class(pkts[0], "new orig");
	assert_class(pkts[1], "established reply");
	assert_class(pkts[2], "established orig");
	assert_counts(&shard, 1, 0, 0);
	shard_close(&shard);
}

// The last place: whoever comes first has it, refused or not decides about the next.
static void
the_last_place_is_given_in_order(void **state)
{
	struct ct_params params = shard_params();
	struct frame frames[3];
	struct pkt pkts[3];
	struct shard shard;

	(void)state;
	params.max_connections = 1;
	shard_open(&shard, &(struct shard_options){.params = &params});
	for (uint16_t i = 0; i < 3; i++)
		fixture_udp(&frames[i], &(struct flow){.sport = i + 1u, .dport = 53}, CLIENT);
	shard_burst(&shard, frames, 3, drop_all, pkts);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pkts[i].reason, REASON_RULE);
	assert_counts(&shard, 0, 0, 0);

	// Accepted, each makes room for the next: they are not assured.
	shard_burst(&shard, frames, 3, NULL, pkts);
	assert_counts(&shard, 1, 0, 0);
	assert_class(shard_refuse(&shard, &frames[2]), "new orig");
	assert_int_equal(shard_refuse(&shard, &frames[2]).conn_id, pkts[2].conn_id);
	shard_close(&shard);
}

static enum verdict
count_in_mark(struct pkt *pkt)
{
	pkt->mark++;
	return VERDICT_PENDING;
}

// A rule that changes the mark must see what the packet before has left.
static void
marks_are_seen_by_the_next_packet(void **state)
{
	struct frame frames[5];
	struct pkt pkts[5];
	struct shard shard;
	struct ct_entry entry;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	shard.rules = CT_RULES_SET_MARKS;
	for (int i = 0; i < 5; i++)
		fixture_udp(&frames[i], &flow, i % 2 == 0 ? CLIENT : SERVER);
	shard_burst(&shard, frames, 5, count_in_mark, pkts);
	assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
	assert_int_equal(entry.mark, 5);
	shard_close(&shard);
}

// The same packets at once or one at a time: the same counters, events and table.
static void
a_burst_counts_like_single_packets(void **state)
{
	struct ct_stats single, together;

	(void)state;
	for (int at_once = 0; at_once <= 1; at_once++) {
		struct frame frames[BURST_MAX];
		struct pkt pkts[BURST_MAX];
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		for (unsigned int i = 0; i < BURST_MAX; i++) {
			const struct flow some = {.sport = (uint16_t)(i * 7 % 5 + 1), .dport = 53};

			fixture_udp(&frames[i], &some, i * 11 % 3 == 0 ? SERVER : CLIENT);
		}
		if (at_once == 1)
			shard_burst(&shard, frames, BURST_MAX, NULL, pkts);
		for (unsigned int i = 0; at_once == 0 && i < BURST_MAX; i++)
			shard_accept(&shard, &frames[i]);
		ct_stats_read(shard.ct, at_once == 1 ? &together : &single);
		assert_counts(&shard, 5, 0, 0);
		shard_close(&shard);
	}
	assert_memory_equal(&single, &together, sizeof(single));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unrelated_packets_need_one_pass),
		cmocka_unit_test(the_second_packet_of_a_new_flow_waits),
		cmocka_unit_test(a_refused_flow_is_new_again_in_the_same_burst),
		cmocka_unit_test(a_whole_life_fits_into_one_burst),
		cmocka_unit_test(an_error_waits_for_the_flow_it_speaks_of),
		cmocka_unit_test(an_expired_flow_begins_again_once),
		cmocka_unit_test(the_last_place_is_given_in_order),
		cmocka_unit_test(marks_are_seen_by_the_next_packet),
		cmocka_unit_test(a_burst_counts_like_single_packets),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
