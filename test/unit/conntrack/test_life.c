// SPDX-License-Identifier: BSD-3-Clause
//
// The life of a connection, from the packet that begins it to the slot that is free again.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "conntrack/table.h"
#include "fixture.h"
#include "util/eal.h"

static const struct flow flow4 = {.is_ipv6 = false, .sport = 5000, .dport = 53};
static const struct flow flow6 = {.is_ipv6 = true, .sport = 5000, .dport = 53};

static void
open_listening(struct shard *shard)
{
	shard_open(shard, &(struct shard_options){.event_ring = 15});
}

// The shard that judge_while_unconfirmed looks into: a ruling has no other way to know.
static const struct shard *judging;

// Rules judge the first packet while its connection exists for nobody else.
static enum verdict
judge_while_unconfirmed(struct pkt *pkt)
{
	struct ct_entry entry;
	struct ct_count count = ct_count(judging->ct);

	assert_non_null(pkt->conn);
	assert_int_equal(count.unconfirmed, 1);
	assert_int_equal(count.confirmed, 0);
	assert_int_equal(count.dying, 0);
	assert_false(shard_entry(judging, CT_CONFIRMED, 0, &entry));
	assert_false(shard_entry(judging, CT_DYING, 0, &entry));
	assert_true(shard_entry(judging, CT_UNCONFIRMED, 0, &entry));
	assert_int_equal(entry.id, pkt->seq);
	assert_false(shard_entry(judging, CT_UNCONFIRMED, 1, &entry));
	assert_int_equal(ct_n_lost(judging->ct), 1); // it would be, if this were the end
	return VERDICT_PENDING;
}

static void
a_new_connection_is_only_in_its_burst_until_confirm(void **state)
{
	struct shard shard;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frame, &flow4, CLIENT);
	judging = &shard;
	assert_int_equal(shard_burst(&shard, &frame, 1, judge_while_unconfirmed, &pkt), 1);
	assert_class(pkt, "new orig");
	assert_true(pkt.in_table);
	assert_counts(&shard, 1, 0, 0);
	assert_entry(&shard, "30 [UNREPLIED]");
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "none");
	shard_close(&shard);
}

static void
a_drop_before_confirm_leaves_nothing(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_stats stats;

	(void)state;
	open_listening(&shard);
	for (int i = 0; i < 3; i++) {
		struct pkt pkt;

		fixture_udp(&frame, i == 1 ? &flow6 : &flow4, CLIENT);
		pkt = shard_refuse(&shard, &frame);
		assert_class(pkt, "new orig"); // the third one too: the first left no trace
		assert_false(pkt.in_table);
		assert_counts(&shard, 0, 0, 0);
		assert_entry(&shard, "none");
		assert_event(&shard, "none");
	}
	assert_int_equal(ct_n_slots(shard.ct), 1); // always the same slot
	// Not even the answer finds it: it is a new connection of its own.
	fixture_udp(&frame, &flow4, SERVER);
	assert_class(shard_refuse(&shard, &frame), "new orig");
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.created, 4);
	assert_int_equal(stats.discarded, 4);
	assert_int_equal(stats.confirmed, 0);
	assert_int_equal(stats.destroyed, 0);
	shard_close(&shard);
}

// Later packets may be refused, too; their connection is in the table and stays.
static void
a_drop_after_confirm_leaves_the_connection(void **state)
{
	struct shard shard;
	struct frame frame;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	assert_event(&shard, "new 30 [UNREPLIED]");
	fixture_udp(&frame, &flow4, SERVER);
	assert_class(shard_refuse(&shard, &frame), "established reply");
	assert_counts(&shard, 1, 0, 0);
	assert_entry(&shard, "30");
	shard_close(&shard);
}

static void
either_tuple_finds_the_same_connection(void **state)
{
	const struct flow *flows[] = {&flow4, &flow6};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		struct shard shard;
		struct frame frame;
		struct ct_entry entry;
		struct tuple inverse;
		struct pkt orig, reply;

		open_listening(&shard);
		fixture_udp(&frame, flows[i], CLIENT);
		orig = shard_accept(&shard, &frame);
		fixture_udp(&frame, flows[i], SERVER);
		reply = shard_accept(&shard, &frame);
		assert_class(reply, "established reply");
		assert_int_equal(reply.conn_id, orig.conn_id);
		fixture_udp(&frame, flows[i], CLIENT);
		orig = shard_accept(&shard, &frame);
		assert_class(orig, "established orig");
		assert_int_equal(orig.conn_id, reply.conn_id);
		assert_counts(&shard, 1, 0, 0);

		// The reply tuple is stored, and is the inverse of the original one.
		assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
		assert_true(tuple_equal(&entry.tuple[DIR_ORIG], &orig.tuple));
		assert_true(tuple_equal(&entry.tuple[DIR_REPLY], &reply.tuple));
		assert_true(tuple_invert(&entry.tuple[DIR_ORIG], &inverse));
		assert_true(tuple_equal(&inverse, &entry.tuple[DIR_REPLY]));
		assert_int_equal(entry.packets[DIR_ORIG], 2);
		assert_int_equal(entry.packets[DIR_REPLY], 1);
		assert_int_equal(entry.octets[DIR_ORIG], 2 * (i == 0 ? 28 : 48));
		shard_close(&shard);
	}
}

// A connection that expires leaves the table, hands over one destroy event with its counters, and
// its slot is the next one to be used.
static void
an_expired_connection_is_destroyed_once(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_event event;
	struct ct_stats stats;
	uint64_t id;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frame, &flow4, CLIENT);
	id = shard_accept(&shard, &frame).conn_id;
	fixture_udp(&frame, &flow4, SERVER);
	shard_accept(&shard, &frame);
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "update 30");
	shard.now_ns += 30 * NS_PER_SEC - NS_PER_TICK; // one tick before
	assert_int_equal(shard_expire(&shard), 0);
	assert_counts(&shard, 1, 0, 0);
	shard.now_ns += NS_PER_TICK;
	assert_int_equal(shard_expire(&shard), 1);
	assert_counts(&shard, 0, 0, 0);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_DESTROY);
	assert_int_equal(event.entry.id, id);
	assert_int_equal(event.seq, 0); // no packet did it
	assert_true(event.time_ns == shard.now_ns);
	assert_int_equal(event.entry.timeout_sec, 0);
	assert_int_equal(event.entry.packets[DIR_ORIG], 1);
	assert_int_equal(event.entry.packets[DIR_REPLY], 1);
	assert_int_equal(event.entry.octets[DIR_ORIG], 28);
	assert_event(&shard, "none");
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.expired, 1);
	assert_int_equal(stats.destroyed, 1);

	// Both entries are out of the table: either tuple begins anew, in the same slot.
	assert_class(shard_refuse(&shard, &frame), "new orig");
	fixture_udp(&frame, &flow4, CLIENT);
	assert_class(shard_accept(&shard, &frame), "new orig");
	assert_int_equal(ct_n_slots(shard.ct), 1);
	shard_close(&shard);
}

// Nobody has to have noticed: a packet that meets an expired connection begins another.
static void
a_packet_finds_no_expired_connection(void **state)
{
	struct shard shard;
	struct frame frame;
	struct pkt first, second;

	(void)state;
	open_listening(&shard);
	fixture_udp(&frame, &flow4, CLIENT);
	first = shard_accept(&shard, &frame);
	assert_event(&shard, "new 30 [UNREPLIED]");
	shard_wait(&shard, 30);
	assert_entry(&shard, "none"); // listings do not show it, either
	fixture_udp(&frame, &flow4, SERVER);
	second = shard_accept(&shard, &frame);
	assert_class(second, "new orig");
	assert_int_not_equal(second.conn_id, first.conn_id);
	assert_event(&shard, "destroy 0 [UNREPLIED]");
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "none");
	assert_counts(&shard, 1, 0, 0);
	shard_close(&shard);
}

static void
nobody_listens_so_nothing_stays_dying(void **state)
{
	struct shard shard;
	struct frame frame;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	for (uint16_t port = 1; port <= 10; port++) {
		const struct flow flow = {.sport = port, .dport = 53};

		fixture_udp(&frame, &flow, CLIENT);
		shard_accept(&shard, &frame);
	}
	assert_counts(&shard, 10, 0, 0);
	shard_wait(&shard, 30);
	assert_int_equal(shard_expire(&shard), 10);
	assert_counts(&shard, 0, 0, 0);
	shard_close(&shard);
}

// Three connections end while the listener has room for two events: the third is dying, in no
// lookup and in no table, until there is room.
static void
a_destroy_event_without_room_is_told_later(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_entry entry;
	struct ct_stats stats;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 3});
	for (uint16_t port = 1; port <= 3; port++) {
		const struct flow flow = {.sport = port, .dport = 53};

		fixture_udp(&frame, &flow, CLIENT);
		shard_accept(&shard, &frame);
	}
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "new 30 [UNREPLIED]"); // the third one still fills a place
	shard_wait(&shard, 30);
	assert_int_equal(shard_expire(&shard), 3);
	assert_counts(&shard, 0, 0, 1);
	assert_true(shard_entry(&shard, CT_DYING, 0, &entry));
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.events_late, 1);
	assert_int_equal(stats.events_lost, 0);

	// Still no room: still dying, still once.
	ct_reclaim(shard.ct, shard.now_ns);
	assert_counts(&shard, 0, 0, 1);
	// A packet of its flow begins anew beside it.
	fixture_udp(&frame, &(struct flow){.sport = 1, .dport = 53}, SERVER);
	assert_class(shard_refuse(&shard, &frame), "new orig");

	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "destroy 0 [UNREPLIED]");
	assert_event(&shard, "destroy 0 [UNREPLIED]");
	assert_event(&shard, "none");
	ct_reclaim(shard.ct, shard.now_ns);
	assert_counts(&shard, 0, 0, 0);
	assert_event(&shard, "destroy 0 [UNREPLIED]");
	assert_event(&shard, "none");
	ct_reclaim(shard.ct, shard.now_ns);
	assert_event(&shard, "none");
	shard_close(&shard);
}

// New and update events are not worth waiting for; the loss is counted.
static void
other_events_without_room_are_lost_and_counted(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_stats stats;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 1});
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	fixture_udp(&frame, &flow4, SERVER);
	shard_accept(&shard, &frame);
	fixture_udp(&frame, &flow6, CLIENT);
	shard_accept(&shard, &frame);
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.events_lost, 2);
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "none");
	assert_counts(&shard, 2, 0, 0);
	shard_close(&shard);
}

// A flow that has gone on for more than two seconds, both ways.
static void
make_assured(struct shard *shard, const struct flow *flow)
{
	static const enum end from[] = {CLIENT, SERVER, CLIENT};
	struct frame frame;

	for (size_t i = 0; i < RTE_DIM(from); i++) {
		fixture_udp(&frame, flow, from[i]);
		shard_accept(shard, &frame);
		shard_wait(shard, 3);
	}
}

static void
a_table_full_of_assured_flows_refuses_others(void **state)
{
	struct ct_params params = shard_params();
	struct shard shard;
	struct frame frame;
	struct ct_stats stats;
	struct pkt pkt;

	(void)state;
	params.max_connections = 2;
	shard_open(&shard, &(struct shard_options){.params = &params});
	make_assured(&shard, &flow4);
	make_assured(&shard, &flow6);

	fixture_udp(&frame, &(struct flow){.sport = 9, .dport = 9}, CLIENT);
	pkt = shard_accept(&shard, &frame);
	assert_int_equal(pkt.verdict, VERDICT_DROP);
	assert_int_equal(pkt.reason, REASON_TABLE_FULL);
	assert_false(pkt.in_table);
	assert_counts(&shard, 2, 0, 0);
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.table_full, 1);
	assert_int_equal(stats.early_drop, 0);

	// As in the kernel, even what would only be invalid is dropped when it would need a
	// connection; what needs none passes.
	fixture_begin(&frame, &flow4, CLIENT);
	frame_tcp(&frame, &(struct frame_tcp){1, 2, TH_FIN | TH_ACK, 1, 1, 1});
	frame_end(&frame);
	assert_int_equal(shard_accept(&shard, &frame).reason, REASON_TABLE_FULL);
	fixture_begin(&frame, &flow4, CLIENT);
	frame_icmp(&frame, 3, 1, 0);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");

	// Known flows are not affected.
	fixture_udp(&frame, &flow4, SERVER);
	assert_class(shard_accept(&shard, &frame), "established reply");
	shard_wait(&shard, 120);
	shard_expire(&shard);
	fixture_udp(&frame, &(struct flow){.sport = 9, .dport = 9}, CLIENT);
	assert_class(shard_accept(&shard, &frame), "new orig");
	assert_counts(&shard, 1, 0, 0);
	shard_close(&shard);
}

// Of the flows that nobody has answered, the one longest idle gives way.
static void
an_unanswered_flow_makes_room_in_a_full_table(void **state)
{
	struct ct_params params = shard_params();
	const struct flow early = {.sport = 1, .dport = 53};
	const struct flow late = {.is_ipv6 = true, .sport = 2, .dport = 53};
	struct shard shard;
	struct frame frame;
	struct ct_event event;
	struct ct_stats stats;
	struct pkt evicted, pkt;

	(void)state;
	params.max_connections = 3;
	shard_open(&shard, &(struct shard_options){.params = &params, .event_ring = 15});
	make_assured(&shard, &flow4);
	fixture_udp(&frame, &early, CLIENT);
	evicted = shard_accept(&shard, &frame);
	shard_wait(&shard, 1);
	fixture_udp(&frame, &late, CLIENT);
	shard_accept(&shard, &frame);
	while (shard_event(&shard, &event))
		;

	fixture_udp(&frame, &(struct flow){.sport = 9, .dport = 9}, CLIENT);
	pkt = shard_accept(&shard, &frame);
	assert_class(pkt, "new orig");
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
	assert_counts(&shard, 3, 0, 0);
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.early_drop, 1);
	assert_int_equal(stats.table_full, 0);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_DESTROY);
	assert_int_equal(event.entry.id, evicted.conn_id);
	assert_int_equal(event.seq, pkt.seq); // the packet that wanted in
	assert_event(&shard, "new 30 [UNREPLIED]");
	assert_event(&shard, "none");

	fixture_udp(&frame, &flow4, CLIENT);
	assert_class(shard_refuse(&shard, &frame), "established orig");
	fixture_udp(&frame, &late, CLIENT);
	assert_int_not_equal(shard_refuse(&shard, &frame).conn_id, 0);
	shard_close(&shard);
}

// Where only an untold event keeps a connection, it keeps its place as well.
static void
dying_connections_count_against_the_limit(void **state)
{
	struct ct_params params = shard_params();
	struct shard shard;
	struct frame frame;

	(void)state;
	params.max_connections = 1;
	shard_open(&shard, &(struct shard_options){.params = &params, .event_ring = 1});
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	shard_wait(&shard, 30);
	shard_expire(&shard); // the new event fills the ring
	assert_counts(&shard, 0, 0, 1);
	fixture_udp(&frame, &flow6, CLIENT);
	assert_int_equal(shard_accept(&shard, &frame).reason, REASON_TABLE_FULL);
	assert_event(&shard, "new 30 [UNREPLIED]");
	ct_reclaim(shard.ct, shard.now_ns);
	assert_class(shard_accept(&shard, &frame), "new orig");
	shard_close(&shard);
}

// The place of a connection that has expired is free for the next packet of its own flow, before
// anybody has come to remove it.
static void
a_flow_takes_its_own_expired_place(void **state)
{
	struct ct_params params = shard_params();
	struct shard shard;
	struct frame frame;
	struct ct_stats stats;

	(void)state;
	params.max_connections = 2;
	shard_open(&shard, &(struct shard_options){.params = &params});
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	shard_wait(&shard, 15);
	fixture_udp(&frame, &flow6, CLIENT);
	shard_accept(&shard, &frame);
	shard_wait(&shard, 15);
	fixture_udp(&frame, &flow4, SERVER);
	assert_class(shard_accept(&shard, &frame), "new orig");
	assert_counts(&shard, 2, 0, 0); // nobody had to leave for it
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.expired, 1);
	assert_int_equal(stats.early_drop, 0);
	assert_int_equal(stats.table_full, 0);
	shard_close(&shard);
}

static void
capacity_is_filled_to_the_last_connection(void **state)
{
	(void)state;
	for (int family = 0; family <= 1; family++) {
		struct shard shard;
		struct frame frame;
		struct ct_stats stats;

		shard_open(&shard, &(struct shard_options){0});
		for (uint16_t port = 1; port <= SHARD_CONNS + 5; port++) {
			const struct flow flow = {
				.is_ipv6 = family == 1, .sport = port, .dport = 53};

			fixture_udp(&frame, &flow, CLIENT);
			shard_accept(&shard, &frame);
			ct_stats_read(shard.ct, &stats);
			assert_int_equal(stats.early_drop,
					 port <= SHARD_CONNS ? 0 : port - SHARD_CONNS);
			assert_int_equal(stats.insert_failed, 0);
		}
		assert_counts(&shard, SHARD_CONNS, 0, 0);
		assert_int_equal(ct_count(shard.ct).capacity, SHARD_CONNS);
		shard_close(&shard);
	}
}

// A flow from an address and port to the same address and port: its packets answer themselves.
static void
a_flow_may_be_its_own_reply(void **state)
{
	struct shard shard;
	struct frame frame;

	(void)state;
	open_listening(&shard);
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "10.1.0.2", "10.1.0.2");
	frame_udp(&frame, 7, 7);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "new orig");
	assert_class(shard_accept(&shard, &frame), "established reply");
	assert_counts(&shard, 1, 0, 0);
	shard_wait(&shard, 30);
	assert_int_equal(shard_expire(&shard), 1);
	assert_counts(&shard, 0, 0, 0);
	assert_class(shard_accept(&shard, &frame), "new orig");
	shard_close(&shard);
}

// A stale list from the scan is no reason to remove anything: the owner looks again.
static void
the_owner_looks_again_before_it_removes(void **state)
{
	struct shard shard;
	struct frame frame;
	const uint32_t slots[] = {0, 0, 1, 2};

	(void)state;
	open_listening(&shard);
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	shard_wait(&shard, 30);
	shard_accept(&shard, &frame); // expired, begun again
	fixture_udp(&frame, &flow6, CLIENT);
	shard_accept(&shard, &frame);
	assert_int_equal(ct_reap(shard.ct, slots, RTE_DIM(slots), shard.now_ns), 0);
	assert_counts(&shard, 2, 0, 0);
	shard_wait(&shard, 30);
	assert_int_equal(ct_reap(shard.ct, slots, RTE_DIM(slots), shard.now_ns), 2);
	assert_counts(&shard, 0, 0, 0);
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_connection_is_only_in_its_burst_until_confirm),
		cmocka_unit_test(a_drop_before_confirm_leaves_nothing),
		cmocka_unit_test(a_drop_after_confirm_leaves_the_connection),
		cmocka_unit_test(either_tuple_finds_the_same_connection),
		cmocka_unit_test(an_expired_connection_is_destroyed_once),
		cmocka_unit_test(a_packet_finds_no_expired_connection),
		cmocka_unit_test(nobody_listens_so_nothing_stays_dying),
		cmocka_unit_test(a_destroy_event_without_room_is_told_later),
		cmocka_unit_test(other_events_without_room_are_lost_and_counted),
		cmocka_unit_test(a_table_full_of_assured_flows_refuses_others),
		cmocka_unit_test(an_unanswered_flow_makes_room_in_a_full_table),
		cmocka_unit_test(dying_connections_count_against_the_limit),
		cmocka_unit_test(a_flow_takes_its_own_expired_place),
		cmocka_unit_test(capacity_is_filled_to_the_last_connection),
		cmocka_unit_test(a_flow_may_be_its_own_reply),
		cmocka_unit_test(the_owner_looks_again_before_it_removes),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
