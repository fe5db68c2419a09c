// SPDX-License-Identifier: BSD-3-Clause
//
// Connections that somebody asks for, and those that are deleted since somebody asks for it.
#include "conntrack/delete.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "conntrack/table.h"
#include "pptp.h"
#include "util/eal.h"

#define PLENTY 100000

// UDP flows from these ports to port 53, and with a reply.
static void
accept_flows(struct shard *shard, uint16_t first, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct flow flow = {.sport = (uint16_t)(first + i), .dport = 53};
		struct frame frame;

		fixture_udp(&frame, &flow, CLIENT);
		shard_accept(shard, &frame);
		fixture_udp(&frame, &flow, SERVER);
		shard_accept(shard, &frame);
	}
}

static struct ct_filter
of_sport(uint16_t sport)
{
	struct ct_filter filter = {.fields = CT_FIELDS_PORTS};

	filter.value[DIR_ORIG].src_field = sport;
	filter.mask[DIR_ORIG].src_field = UINT16_MAX;
	return filter;
}

static bool
delete_some(struct shard *shard, struct ct_deletion *deletion, unsigned int budget)
{
	return ct_delete(shard->ct, deletion, shard->now_ns, &budget);
}

// Deletes what a filter is for, wherever it lies. Returns how many.
static uint32_t
delete_all(struct shard *shard, struct ct_filter filter)
{
	struct ct_deletion deletion = {.filter = filter, .end = UINT32_MAX};

	assert_true(delete_some(shard, &deletion, PLENTY));
	return deletion.n_deleted;
}

static struct ct_stats
stats_of(const struct shard *shard)
{
	struct ct_stats stats;

	ct_stats_read(shard->ct, &stats);
	return stats;
}

static void
what_the_filter_is_for_is_gone(void **state)
{
	struct shard shard;
	struct ct_entry entry;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	accept_flows(&shard, 1000, 10);
	assert_int_equal(delete_all(&shard, of_sport(1003)), 1);
	assert_counts(&shard, 9, 0, 0);
	for (unsigned int n = 0; shard_entry(&shard, CT_CONFIRMED, n, &entry); n++)
		assert_int_not_equal(entry.tuple[DIR_ORIG].src_field, 1003);
	assert_int_equal(delete_all(&shard, of_sport(1003)), 0);
	assert_int_equal(delete_all(&shard, of_sport(53)), 0); // the replies' source
	assert_int_equal(delete_all(&shard, (struct ct_filter){0}), 9);
	assert_counts(&shard, 0, 0, 0);
	assert_int_equal(stats_of(&shard).deleted, 10);
	assert_int_equal(stats_of(&shard).destroyed, 10);
	shard_close(&shard);
}

// A flow whose connection was deleted begins anew.
static void
a_packet_of_a_deleted_connection_begins_another(void **state)
{
	const struct flow flow = {.sport = 1000, .dport = 53};
	struct shard shard;
	struct frame frame;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	accept_flows(&shard, 1000, 1);
	assert_int_equal(delete_all(&shard, of_sport(1000)), 1);
	fixture_udp(&frame, &flow, CLIENT);
	assert_class(shard_accept(&shard, &frame), "new orig");
	shard_close(&shard);
}

static void
the_destroy_event_says_deleted(void **state)
{
	struct shard shard;
	struct ct_event event;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 15});
	accept_flows(&shard, 1000, 2);
	while (shard_event(&shard, &event))
		assert_int_equal(event.end, CT_END_NONE);
	delete_all(&shard, of_sport(1000));
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_DESTROY);
	assert_string_equal(ct_end_name(event.end), "deleted");
	assert_int_equal(event.entry.tuple[DIR_ORIG].src_field, 1000);
	assert_int_equal(event.seq, 0);
	assert_int_equal(event.time_ns, shard.now_ns);
	shard_wait(&shard, 1000);
	assert_int_equal(shard_expire(&shard), 1);
	assert_true(shard_event(&shard, &event));
	assert_string_equal(ct_end_name(event.end), "expired");
	assert_false(shard_event(&shard, &event));
	shard_close(&shard);
}

// What is over is not deleted, as it is not listed; it waits for its owner.
static void
the_expired_are_left_alone(void **state)
{
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	accept_flows(&shard, 1000, 1);
	shard_wait(&shard, 1000);
	assert_int_equal(delete_all(&shard, (struct ct_filter){0}), 0);
	assert_counts(&shard, 1, 0, 0);
	assert_int_equal(shard_expire(&shard), 1);
	shard_close(&shard);
}

// A slice ends when its budget is used up, and the next one goes on behind it.
static void
slices_are_bounded_and_miss_nothing(void **state)
{
	struct shard shard;

	(void)state;
	for (unsigned int budget = 1; budget < 40; budget += 3) {
		struct ct_deletion deletion = {.end = UINT32_MAX};
		uint32_t before = 0;

		shard_open(&shard, &(struct shard_options){0});
		accept_flows(&shard, 1000, SHARD_CONNS - 1);
		while (!delete_some(&shard, &deletion, budget)) {
			const uint32_t n = deletion.n_deleted - before;

			assert_in_range(n, 1, 1 + budget / (1 + CT_DELETE_COST));
			assert_int_equal(deletion.cursor, deletion.n_deleted);
			assert_counts(&shard, SHARD_CONNS - 1 - deletion.n_deleted, 0, 0);
			before = deletion.n_deleted;
		}
		assert_int_equal(deletion.n_deleted, SHARD_CONNS - 1);
		assert_counts(&shard, 0, 0, 0);
		shard_close(&shard);
	}
}

static void
only_the_slots_that_are_named_are_looked_at(void **state)
{
	struct ct_deletion deletion = {.cursor = 4, .end = 7};
	struct ct_entry entry;
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	accept_flows(&shard, 1000, 10);
	assert_true(delete_some(&shard, &deletion, PLENTY));
	assert_int_equal(deletion.n_deleted, 3);
	assert_int_equal(deletion.cursor, 7);
	for (uint32_t slot = 0; slot < 10; slot++)
		assert_int_equal(ct_read(shard.ct, slot, CT_CONFIRMED, shard_now(&shard), &entry),
				 slot < 4 || slot >= 7);
	deletion = (struct ct_deletion){.cursor = UINT32_MAX, .end = UINT32_MAX};
	assert_true(delete_some(&shard, &deletion, PLENTY));
	assert_int_equal(deletion.n_deleted, 0);
	shard_close(&shard);
}

// The dead wait for room for their events, and nobody is killed beside them until there is some.
static void
a_listener_that_is_late_is_waited_for(void **state)
{
	struct ct_deletion deletion = {.end = UINT32_MAX};
	unsigned int n_told = 0, n_slices = 0;
	struct ct_event event;
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 3});
	accept_flows(&shard, 1000, SHARD_CONNS);
	while (shard_event(&shard, &event))
		;
	while (!delete_some(&shard, &deletion, PLENTY)) {
		uint32_t n_deleted = deletion.n_deleted;

		n_slices++;
		assert_in_range(ct_count(shard.ct).dying, 1, 32);
		assert_false(delete_some(&shard, &deletion, PLENTY));
		assert_int_equal(deletion.n_deleted, n_deleted);
		for (; shard_event(&shard, &event); n_told++) {
			assert_int_equal(event.type, CT_EVENT_DESTROY);
			assert_int_equal(event.end, CT_END_DELETED);
		}
	}
	do {
		for (; shard_event(&shard, &event); n_told++)
			assert_int_equal(event.end, CT_END_DELETED);
		ct_reclaim(shard.ct, shard.now_ns);
	} while (ct_count(shard.ct).dying > 0);
	while (shard_event(&shard, &event))
		n_told++;
	assert_int_equal(n_told, SHARD_CONNS);
	assert_true(n_slices > 0);
	assert_int_equal(deletion.n_deleted, SHARD_CONNS);
	assert_int_equal(stats_of(&shard).deleted, SHARD_CONNS);
	shard_close(&shard);
}

// The tunnel of a call ends with the control connection, and says why.
static void
what_depends_on_it_goes_too(void **state)
{
	struct control control;
	struct shard shard;
	struct ct_filter filter = {.fields = CT_FIELDS_PORTS};

	(void)state;
	filter.value[DIR_ORIG].proto = PROTO_TCP;
	filter.mask[DIR_ORIG].proto = UINT8_MAX;
	pptp_open(&control, &shard, false);
	pptp_play(&control, pptp_call);
	pptp_send_gre(&control, CLIENT, 1, 200);
	assert_counts(&shard, 2, 0, 0);
	assert_int_equal(delete_all(&shard, filter), 1);
	assert_counts(&shard, 0, 0, 0);
	assert_int_equal(stats_of(&shard).deleted, 1);
	shard_close(&shard);
}

// Either tuple names it; one that has expired is none.
static void
a_connection_is_found_by_its_tuple(void **state)
{
	struct ct_entry listed, entry;
	struct tuple other;
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	accept_flows(&shard, 1000, 3);
	assert_true(shard_entry(&shard, CT_CONFIRMED, 1, &listed));
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		assert_true(ct_find(shard.ct, &listed.tuple[dir], shard_now(&shard), &entry));
		assert_int_equal(entry.id, listed.id);
		assert_true(tuple_equal(&entry.tuple[DIR_ORIG], &listed.tuple[DIR_ORIG]));
	}
	other = listed.tuple[DIR_ORIG];
	other.zone = 7;
	assert_false(ct_find(shard.ct, &other, shard_now(&shard), &entry));
	other = listed.tuple[DIR_ORIG];
	other.proto = PROTO_TCP;
	assert_false(ct_find(shard.ct, &other, shard_now(&shard), &entry));
	shard_wait(&shard, 1000);
	assert_false(ct_find(shard.ct, &listed.tuple[DIR_ORIG], shard_now(&shard), &entry));
	shard_expire(&shard);
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_filter_is_for_is_gone),
		cmocka_unit_test(a_packet_of_a_deleted_connection_begins_another),
		cmocka_unit_test(the_destroy_event_says_deleted),
		cmocka_unit_test(the_expired_are_left_alone),
		cmocka_unit_test(slices_are_bounded_and_miss_nothing),
		cmocka_unit_test(only_the_slots_that_are_named_are_looked_at),
		cmocka_unit_test(a_listener_that_is_late_is_waited_for),
		cmocka_unit_test(what_depends_on_it_goes_too),
		cmocka_unit_test(a_connection_is_found_by_its_tuple),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
