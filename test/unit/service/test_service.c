// SPDX-License-Identifier: BSD-3-Clause
//
// The service core: expired connections are found, handed to their owner and reported to the
// listener.
#include "service/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_ring.h>

#include "util/eal.h"
#include "util/random.h"
#include "util/shard.h"

#define TOLD_MAX 1024

// The events that the listener got.
struct told {
	struct ct_event events[TOLD_MAX];
	unsigned int n;
	unsigned int n_calls;
};

static void
hear(void *context, const struct ct_event events[], unsigned int n)
{
	struct told *told = context;

	assert_true(n > 0 && told->n + n <= TOLD_MAX);
	for (unsigned int i = 0; i < n; i++)
		told->events[told->n++] = events[i];
	told->n_calls++;
}

static struct told told;
static struct service *service;

static int
end_service(void **state)
{
	(void)state;
	service_destroy(service);
	service = NULL;
	return 0;
}

static void
begin_service(unsigned int n_shards, service_listener listener, unsigned int event_ring)
{
	const struct service_config config = {
		.n_shards = n_shards,
		.listener = listener,
		.context = &told,
		.event_ring = event_ring,
	};

	told.n = 0;
	told.n_calls = 0;
	service = service_create(&config);
	assert_non_null(service);
}

static void
open_attached(struct shard *shard, unsigned int worker, const struct ct_params *params)
{
	shard_open(shard, &(struct shard_options){
				  .params = params,
				  .events = service_events(service, worker),
				  .worker = worker,
			  });
	service_attach(service, worker, shard->ct);
}

static void
accept_udp(struct shard *shard, uint16_t sport)
{
	struct frame frame;

	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	frame_udp(&frame, sport, 53);
	frame_end(&frame);
	shard_accept(shard, &frame);
}

// A whole round: turns until all slots have been looked at, then the owner's part.
static unsigned int
go_round(struct shard *shard, tick_t *next)
{
	while (!service_turn(service, shard_now(shard), 1000, next))
		;
	return service_reap(service, shard->worker, shard->ct, shard->now_ns, 1000);
}

static void
what_expired_is_removed_and_told_once(void **state)
{
	struct shard shard;
	tick_t next;

	(void)state;
	begin_service(1, hear, 64);
	open_attached(&shard, 0, NULL);
	accept_udp(&shard, 1);
	shard_wait(&shard, 10);
	accept_udp(&shard, 2);
	service_drain(service);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.events[0].type, CT_EVENT_NEW);

	assert_int_equal(go_round(&shard, &next), 0);
	assert_int_equal(ticks_until(next, shard_now(&shard)), ticks_from_sec(20));
	assert_int_equal(ct_count(shard.ct).confirmed, 2);

	shard_wait(&shard, 20);
	assert_int_equal(go_round(&shard, &next), 1);
	assert_int_equal(ticks_until(next, shard_now(&shard)), ticks_from_sec(10));
	assert_int_equal(ct_count(shard.ct).confirmed, 1);
	assert_int_equal(ct_count(shard.ct).dying, 0);
	service_drain(service);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.events[2].type, CT_EVENT_DESTROY);
	assert_int_equal(told.events[2].entry.id, 1);
	assert_int_equal(told.events[2].entry.packets[DIR_ORIG], 1);
	assert_int_equal(told.events[2].entry.octets[DIR_ORIG], 28);
	assert_true(told.events[2].time_ns == shard.now_ns);

	assert_int_equal(go_round(&shard, &next), 0);
	service_drain(service);
	assert_int_equal(told.n, 3);
	shard_close(&shard);
}

static void
without_listener_nothing_stays(void **state)
{
	struct shard shard;
	tick_t next;

	(void)state;
	begin_service(1, NULL, 0);
	assert_null(service_events(service, 0));
	open_attached(&shard, 0, NULL);
	for (uint16_t port = 1; port <= 20; port++)
		accept_udp(&shard, port);
	shard_wait(&shard, 30);
	assert_int_equal(go_round(&shard, &next), 20);
	assert_int_equal(ct_count(shard.ct).confirmed, 0);
	assert_int_equal(ct_count(shard.ct).dying, 0);
	service_drain(service);
	shard_close(&shard);
}

// A turn looks at no more slots than its budget, and the round ends with the last slot.
static void
a_turn_has_a_budget(void **state)
{
	struct shard shard;
	tick_t next = 12345;

	(void)state;
	begin_service(1, NULL, 0);
	open_attached(&shard, 0, NULL);
	for (uint16_t port = 1; port <= 10; port++)
		accept_udp(&shard, port);
	shard_wait(&shard, 30);
	for (unsigned int turn = 1; turn <= 3; turn++) {
		assert_false(service_turn(service, shard_now(&shard), 3, &next));
		assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 1000), 3);
		assert_int_equal(ct_count(shard.ct).confirmed, 10 - 3 * turn);
	}
	assert_int_equal(next, 12345); // not known before the end of the round
	assert_true(service_turn(service, shard_now(&shard), 3, &next));
	assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 1000), 1);
	assert_int_equal(ct_count(shard.ct).confirmed, 0);
	shard_close(&shard);
}

// It rests until something can have expired: what it has seen, or what has begun since with the
// shortest of all timeouts.
static void
it_rests_while_nothing_can_expire(void **state)
{
	struct ct_params params = shard_params();
	struct shard shard;
	tick_t next;

	(void)state;
	for (unsigned int i = 0; i < CT_TIMEOUT_COUNT; i++)
		params.timeouts_sec[i] = 100;
	params.timeouts_sec[CT_TIMEOUT_UDP] = 30;
	params.timeouts_sec[CT_TIMEOUT_ICMP] = 12;
	begin_service(2, NULL, 0); // one of them without a shard
	open_attached(&shard, 0, &params);
	accept_udp(&shard, 1);
	accept_udp(&shard, 2);
	assert_false(service_can_rest(service, shard_now(&shard)));
	assert_int_equal(go_round(&shard, &next), 0);
	assert_true(service_can_rest(service, shard_now(&shard)));
	shard_wait(&shard, 11);
	assert_true(service_can_rest(service, shard_now(&shard)));
	shard_wait(&shard, 1);
	assert_false(service_can_rest(service, shard_now(&shard)));

	assert_false(service_turn(service, shard_now(&shard), 1, &next));
	assert_false(service_can_rest(service, shard_now(&shard))); // in the middle of a round
	assert_int_equal(go_round(&shard, &next), 0);
	shard_wait(&shard, 11);
	assert_int_equal(go_round(&shard, &next), 0); // seven seconds are left
	shard_wait(&shard, 6);
	assert_true(service_can_rest(service, shard_now(&shard)));
	shard_wait(&shard, 1);
	assert_false(service_can_rest(service, shard_now(&shard)));
	assert_int_equal(go_round(&shard, &next), 2);
	shard_close(&shard);
}

// Timeouts that become shorter while it rests count at once.
static void
a_shorter_timeout_ends_the_rest(void **state)
{
	struct ct_params params = shard_params();
	struct shard shard;
	tick_t next;

	(void)state;
	for (unsigned int i = 0; i < CT_TIMEOUT_COUNT; i++)
		params.timeouts_sec[i] = 100;
	begin_service(1, NULL, 0);
	open_attached(&shard, 0, &params);
	assert_int_equal(go_round(&shard, &next), 0);
	shard_wait(&shard, 5);
	assert_true(service_can_rest(service, shard_now(&shard)));
	params.timeouts_sec[CT_TIMEOUT_UDP] = 5;
	ct_set_params(shard.ct, &params);
	assert_false(service_can_rest(service, shard_now(&shard)));
	shard_close(&shard);
}

// The owner removes no more than it wants to, between two bursts; the others wait in its ring.
static void
the_owner_removes_a_bounded_number(void **state)
{
	struct shard shard;
	tick_t next;

	(void)state;
	begin_service(1, NULL, 0);
	open_attached(&shard, 0, NULL);
	for (uint16_t port = 1; port <= 10; port++)
		accept_udp(&shard, port);
	shard_wait(&shard, 30);
	while (!service_turn(service, shard_now(&shard), 1000, &next))
		;
	for (unsigned int left = 10; left > 0; left -= 2) {
		assert_int_equal(ct_count(shard.ct).confirmed, left);
		assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 2), 2);
	}
	assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 2), 0);
	shard_close(&shard);
}

// The service finds the same connections again before their owner has come; they die once, and
// whoever was refreshed or begun anew meanwhile not at all.
static void
the_owner_looks_again(void **state)
{
	struct shard shard;
	tick_t next;

	(void)state;
	begin_service(1, hear, 64);
	open_attached(&shard, 0, NULL);
	accept_udp(&shard, 1);
	accept_udp(&shard, 2);
	shard_wait(&shard, 30);
	for (int i = 0; i < 3; i++) {
		while (!service_turn(service, shard_now(&shard), 1000, &next))
			;
	}
	accept_udp(&shard, 2); // the old one is destroyed on the way
	assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 1000), 6);
	service_drain(service);
	assert_int_equal(told.n, 5);
	assert_int_equal(told.events[2].type, CT_EVENT_DESTROY);
	assert_int_equal(told.events[2].entry.id, 2);
	assert_int_equal(told.events[3].type, CT_EVENT_NEW);
	assert_int_equal(told.events[4].type, CT_EVENT_DESTROY);
	assert_int_equal(told.events[4].entry.id, 1);
	assert_int_equal(ct_count(shard.ct).confirmed, 1);
	shard_close(&shard);
}

// While the listener's ring is full, connections stay dying; no event is lost or repeated.
static void
dying_connections_wait_for_the_listener(void **state)
{
	struct shard shard;
	tick_t next;
	unsigned int n_destroyed = 0;
	uint64_t ids = 0;

	(void)state;
	begin_service(1, hear, 4); // three fit
	open_attached(&shard, 0, NULL);
	for (uint16_t port = 1; port <= 10; port++) {
		accept_udp(&shard, port);
		service_drain(service);
	}
	assert_int_equal(told.n, 10);
	shard_wait(&shard, 30);
	assert_int_equal(go_round(&shard, &next), 10);
	assert_int_equal(ct_count(shard.ct).confirmed, 0);
	assert_int_equal(ct_count(shard.ct).dying, 7);
	for (unsigned int left = 7; left > 0; left -= RTE_MIN(left, 3u)) {
		assert_int_equal(ct_count(shard.ct).dying, left);
		service_drain(service);
		// Nothing is new to reap, but what waits is tried again.
		assert_int_equal(service_reap(service, 0, shard.ct, shard.now_ns, 1000), 0);
	}
	assert_int_equal(ct_count(shard.ct).dying, 0);
	service_drain(service);
	for (unsigned int i = 10; i < told.n; i++) {
		assert_int_equal(told.events[i].type, CT_EVENT_DESTROY);
		n_destroyed++;
		ids |= UINT64_C(1) << told.events[i].entry.id;
	}
	assert_int_equal(n_destroyed, 10);
	assert_int_equal(ids, 0x7fe); // 1 to 10
	shard_close(&shard);
}

// More events than are handed over at once: all, and those of one shard in their order.
static void
events_of_a_shard_come_in_order(void **state)
{
	struct ct_params params = shard_params();
	struct shard shards[2];

	(void)state;
	params.max_connections = 512;
	begin_service(2, hear, 1024);
	open_attached(&shards[0], 0, &params);
	open_attached(&shards[1], 1, &params);
	for (uint16_t port = 1; port <= 400; port++) {
		accept_udp(&shards[0], port);
		if (port % 2 == 0)
			accept_udp(&shards[1], port);
	}
	assert_int_equal(told.n, 0);
	service_drain(service);
	assert_int_equal(told.n, 600);
	assert_true(told.n_calls > 1);
	for (unsigned int worker = 0; worker < 2; worker++) {
		uint64_t last = 0;

		for (unsigned int i = 0; i < told.n; i++) {
			if (told.events[i].entry.worker != worker)
				continue;
			assert_int_equal(told.events[i].entry.id, last + 1);
			last++;
		}
		assert_int_equal(last, worker == 0 ? 400 : 200);
	}
	shard_close(&shards[0]);
	shard_close(&shards[1]);
}

// Each shard's expired connections go to its own owner; the next deadline is that of all.
static void
shards_are_apart(void **state)
{
	struct shard shards[2];
	tick_t next;

	(void)state;
	begin_service(2, NULL, 0);
	open_attached(&shards[0], 0, NULL);
	open_attached(&shards[1], 1, NULL);
	accept_udp(&shards[0], 1);
	accept_udp(&shards[1], 1);
	accept_udp(&shards[1], 2);
	shards[1].now_ns += 5 * NS_PER_SEC;
	accept_udp(&shards[1], 3);
	shard_wait(&shards[0], 30);
	while (!service_turn(service, shard_now(&shards[0]), 1000, &next))
		;
	assert_int_equal(ticks_until(next, shard_now(&shards[0])), ticks_from_sec(5));
	assert_int_equal(service_reap(service, 0, shards[0].ct, shards[0].now_ns, 1000), 1);
	assert_int_equal(service_reap(service, 1, shards[1].ct, shards[0].now_ns, 1000), 2);
	assert_int_equal(ct_count(shards[0].ct).confirmed, 0);
	assert_int_equal(ct_count(shards[1].ct).confirmed, 1);
	shard_close(&shards[0]);
	shard_close(&shards[1]);
}

// Not every worker has started yet: the service continues with the others.
static void
a_shard_that_is_not_there_is_left_out(void **state)
{
	struct shard shard;
	tick_t next;

	(void)state;
	service_destroy(NULL);
	begin_service(2, hear, 64);
	open_attached(&shard, 0, NULL);
	accept_udp(&shard, 1);
	shard_wait(&shard, 30);
	assert_int_equal(go_round(&shard, &next), 1);
	assert_int_equal(ct_count(shard.ct).confirmed, 0);
	shard_close(&shard);
}

static void
one_shard_that_is_more_than_half_full_is_a_crowd(void **state)
{
	struct ct_params params = shard_params();
	struct shard shards[2];
	tick_t next;

	(void)state;
	params.max_connections = 2 * 4; // of all shards together
	begin_service(2, hear, 64);
	assert_false(service_is_crowded(service)); // no shard is there yet
	open_attached(&shards[0], 0, &params);
	open_attached(&shards[1], 1, &params);
	for (uint16_t sport = 1;
	     ct_count(shards[1].ct).confirmed < ct_count(shards[1].ct).capacity / 2; sport++)
		accept_udp(&shards[1], sport);
	assert_false(service_is_crowded(service));
	accept_udp(&shards[1], 1000);
	assert_true(service_is_crowded(service));
	shard_wait(&shards[1], 30);
	go_round(&shards[1], &next);
	assert_false(service_is_crowded(service));
	shard_close(&shards[0]);
	shard_close(&shards[1]);
}

// However many expire at once, whatever the ring holds and whatever the budget of a turn is: each
// is found and removed once, and it ends.
static void
any_number_may_expire_in_one_second(void **state)
{
	static const uint32_t budgets[] = {1000, 5000, UINT32_MAX - 1, UINT32_MAX};
	struct ct_params params = shard_params();
	struct shard shard;

	(void)state;
	params.max_connections = 20000;
	random_start(random_seed(), 0);
	begin_service(1, NULL, 0);
	open_attached(&shard, 0, &params);
	for (int round = 0; round < 6; round++) {
		uint32_t budget = RANDOM_PICK(budgets);
		uint32_t n = 8192 + random_below(11000);
		unsigned int n_turns = 0;
		struct ct_stats before, after;
		tick_t next;
		bool is_done;

		ct_stats_read(shard.ct, &before);
		for (uint32_t i = 0; i < n; i++)
			accept_udp(&shard, (uint16_t)(1 + i));
		shard_wait(&shard, 30);
		do {
			is_done = service_turn(service, shard_now(&shard), budget, &next);
			while (service_reap(service, 0, shard.ct, shard.now_ns,
					    1 + random_below(1000)) > 0 &&
			       random_chance(90))
				;
			assert_true(++n_turns < 1000);
		} while (!is_done || ct_count(shard.ct).confirmed > 0);
		ct_stats_read(shard.ct, &after);
		assert_int_equal(after.expired - before.expired, n);
	}
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_expired_is_removed_and_told_once, end_service),
		cmocka_unit_test_teardown(without_listener_nothing_stays, end_service),
		cmocka_unit_test_teardown(a_turn_has_a_budget, end_service),
		cmocka_unit_test_teardown(it_rests_while_nothing_can_expire, end_service),
		cmocka_unit_test_teardown(a_shorter_timeout_ends_the_rest, end_service),
		cmocka_unit_test_teardown(the_owner_removes_a_bounded_number, end_service),
		cmocka_unit_test_teardown(the_owner_looks_again, end_service),
		cmocka_unit_test_teardown(dying_connections_wait_for_the_listener, end_service),
		cmocka_unit_test_teardown(events_of_a_shard_come_in_order, end_service),
		cmocka_unit_test_teardown(shards_are_apart, end_service),
		cmocka_unit_test_teardown(a_shard_that_is_not_there_is_left_out, end_service),
		cmocka_unit_test_teardown(one_shard_that_is_more_than_half_full_is_a_crowd,
					  end_service),
		cmocka_unit_test_teardown(any_number_may_expire_in_one_second, end_service),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
