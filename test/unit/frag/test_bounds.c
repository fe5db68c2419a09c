// SPDX-License-Identifier: BSD-3-Clause
//
// A store never exceeds its limits, and a source that sends too much loses its own datagrams.
#include "frag/frag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"

static const struct piece first = {0, 48, true};
static const struct piece last = {48, 100, false};

static const struct frag_params small = {
	.max_datagrams = 3,
	.max_fragments = 4,
	.max_per_source = 2,
	.timeout_ipv4 = 30,
	.timeout_ipv6 = 60,
};

static void
send(struct store *store, uint8_t host, uint32_t id)
{
	assert_int_equal(store_piece(store, &(struct origin){.host = host, .id = id}, &first),
			 FRAG_TAKEN);
}

static void
test_oldest_datagram_gives_way(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	for (uint8_t host = 1; host <= 3; host++)
		send(&store, host, 1);
	assert_nothing_lost(&store);
	send(&store, 4, 1);
	assert_lost(&store, REASON_FRAG_FULL, 1);
	send(&store, 5, 1);
	assert_lost(&store, REASON_FRAG_FULL, 2);
	assert_int_equal(frag_held(store.frag), 3);
	// Those that are left can still be completed.
	assert_int_equal(store_piece(&store, &(struct origin){.host = 3, .id = 1}, &last),
			 FRAG_COMPLETE);
	store_close(&store);
}

// The one whose time is over first, which is not the one that came first.
static void
test_age_is_what_is_left(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	store_piece(&store, &(struct origin){.is_ipv6 = true, .id = 1}, &first); // for 60 s
	store_wait(&store, 10);
	send(&store, 1, 1); // for 30 s
	send(&store, 2, 1);
	send(&store, 3, 1);
	assert_lost(&store, REASON_FRAG_FULL, 2);
	store_close(&store);
}

static void
test_source_gives_way_to_itself(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	send(&store, 1, 1);
	send(&store, 2, 1);
	send(&store, 2, 2);
	send(&store, 2, 3);
	assert_lost(&store, REASON_FRAG_FULL, 2);
	send(&store, 2, 4);
	assert_lost(&store, REASON_FRAG_FULL, 3);
	assert_int_equal(store_piece(&store, &(struct origin){.host = 1, .id = 1}, &last),
			 FRAG_COMPLETE);
	store_close(&store);
}

static void
test_fragments_give_way(void **state)
{
	const struct origin one = {.host = 1, .id = 1};
	const struct origin two = {.host = 2, .id = 1};
	struct store store;

	(void)state;
	store_open(&store, &small);
	store_piece(&store, &one, &(struct piece){0, 8, true});
	store_piece(&store, &one, &(struct piece){8, 16, true});
	store_piece(&store, &two, &(struct piece){0, 8, true});
	store_piece(&store, &two, &(struct piece){8, 16, true});
	assert_nothing_lost(&store);
	store_piece(&store, &two, &(struct piece){16, 24, true});
	assert_lost(&store, REASON_FRAG_FULL, 1, 2);
	store_close(&store);
}

// There is no other datagram to give up.
static void
test_datagram_larger_than_the_store(void **state)
{
	const struct origin origin = {.host = 1, .id = 1};
	struct store store;

	(void)state;
	store_open(&store, &small);
	for (unsigned int i = 0; i < 4; i++)
		store_piece(&store, &origin, &(struct piece){i * 8, i * 8 + 8, true});
	assert_int_equal(store_piece(&store, &origin, &(struct piece){32, 40, false}),
			 FRAG_REFUSED);
	assert_int_equal(store.pkt.reason, REASON_FRAG_FULL);
	assert_lost(&store, REASON_FRAG_FULL, 1, 2, 3, 4);
	assert_int_equal(frag_held(store.frag), 0);
	store_close(&store);
}

// Each segment takes a packet buffer.
static void
test_segments_count(void **state)
{
	const struct origin origin = {.host = 1, .id = 1, .cut = 40};
	struct store store;

	(void)state;
	store_open(&store, &small);
	store_piece(&store, &origin, &(struct piece){0, 8, true});
	store_piece(&store, &origin, &(struct piece){8, 16, true});
	assert_int_equal(frag_held(store.frag), 2);
	send(&store, 2, 1);
	assert_lost(&store, REASON_FRAG_FULL, 1, 2);
	store_close(&store);
}

// A datagram that has timed out is given up first, and for that reason.
static void
test_expired_ones_give_way_as_expired(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	send(&store, 1, 1);
	store_wait(&store, 20);
	send(&store, 2, 1);
	send(&store, 3, 1);
	store_wait(&store, 10);
	send(&store, 4, 1);
	assert_lost(&store, REASON_FRAG_TIMEOUT, 1);
	send(&store, 5, 1);
	assert_lost(&store, REASON_FRAG_FULL, 2);
	store_close(&store);
}

// Sources and datagrams that are gone have left their places, however often.
static void
test_places_are_used_again(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct origin origin = {.host = (uint8_t)i, .id = i & 0xffff};

		assert_int_equal(store_piece(&store, &origin, &first), FRAG_TAKEN);
		assert_int_equal(store_piece(&store, &origin, &last), FRAG_COMPLETE);
	}
	assert_nothing_lost(&store);
	assert_int_equal(frag_held(store.frag), 0);
	store_close(&store);
}

// Freed without a word.
static void
test_store_ends_while_it_holds(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, &small);
	send(&store, 1, 1);
	send(&store, 1, 2);
	store_close(&store);
	assert_nothing_lost(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_datagram_gives_way),
		cmocka_unit_test(test_age_is_what_is_left),
		cmocka_unit_test(test_source_gives_way_to_itself),
		cmocka_unit_test(test_fragments_give_way),
		cmocka_unit_test(test_datagram_larger_than_the_store),
		cmocka_unit_test(test_segments_count),
		cmocka_unit_test(test_expired_ones_give_way_as_expired),
		cmocka_unit_test(test_places_are_used_again),
		cmocka_unit_test(test_store_ends_while_it_holds),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
