// SPDX-License-Identifier: BSD-3-Clause
//
// Who gives way when the table is full, and nearly full.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

#define DNS 53

static void
open_with(struct shard *shard, uint32_t max_connections)
{
	struct ct_params params = shard_params();

	params.max_connections = max_connections;
	shard_open(shard, &(struct shard_options){.params = &params});
}

static struct pkt
send_udp(struct shard *shard, uint16_t port, enum end from)
{
	const struct flow flow = {.sport = port, .dport = DNS};
	struct frame frame;

	fixture_udp(&frame, &flow, from);
	return shard_accept(shard, &frame);
}

static void
ask(struct shard *shard, uint16_t port)
{
	assert_class(send_udp(shard, port, CLIENT), "new orig");
}

static void
ask_and_answer(struct shard *shard, uint16_t port)
{
	ask(shard, port);
	assert_class(send_udp(shard, port, SERVER), "established reply");
}

// A stream after three seconds.
static void
make_assured(struct shard *shard, uint16_t port)
{
	ask_and_answer(shard, port);
	shard_wait(shard, 3);
	send_udp(shard, port, CLIENT);
}

static void
play(struct shard *shard, const struct segment rows[], unsigned int n)
{
	segments_run(shard, &segments_plays[0], rows, n, __FILE__);
}

// The connection of a client's port is in the table.
static bool
is_there(const struct shard *shard, uint16_t port)
{
	struct ct_entry entry;

	for (unsigned int n = 0; shard_entry(shard, CT_CONFIRMED, n, &entry); n++) {
		if (entry.tuple[DIR_ORIG].src_field == port)
			return true;
	}
	return false;
}

static struct ct_stats
stats_of(const struct shard *shard)
{
	struct ct_stats stats;

	ct_stats_read(shard->ct, &stats);
	return stats;
}

#define SYN_PORT   4001
#define CLOSE_PORT 4002
#define OPEN_PORT  4003

static const struct segment half_open[] = {C(SYN, 100, 0, 65535, 0, NULL, .sport = SYN_PORT)};

static const struct segment closed[] = {
	C(SYN, 100, 0, 65535, 0, NULL, .sport = CLOSE_PORT),
	S(SYN | ACK, 500, 101, 65535, 0, NULL, .sport = CLOSE_PORT),
	C(ACK, 101, 501, 65535, 0, NULL, .sport = CLOSE_PORT),
	C(FIN | ACK, 101, 501, 65535, 0, NULL, .sport = CLOSE_PORT),
};

static const struct segment opened[] = {
	C(SYN, 100, 0, 65535, 0, NULL, .sport = OPEN_PORT),
	S(SYN | ACK, 500, 101, 65535, 0, NULL, .sport = OPEN_PORT),
	C(ACK, 101, 501, 65535, 0, NULL, .sport = OPEN_PORT),
};

// Unanswered, closing, replied, in this order, whatever came first; never what is assured.
static void
the_least_worthy_gives_way(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 4);
	play(&shard, opened, RTE_DIM(opened));
	ask_and_answer(&shard, 1);
	play(&shard, closed, RTE_DIM(closed));
	play(&shard, half_open, RTE_DIM(half_open));

	ask_and_answer(&shard, 2);
	assert_false(is_there(&shard, SYN_PORT));
	ask_and_answer(&shard, 3);
	assert_false(is_there(&shard, CLOSE_PORT));
	ask_and_answer(&shard, 4);
	assert_false(is_there(&shard, 1));
	assert_true(is_there(&shard, 2) && is_there(&shard, 3) && is_there(&shard, 4));
	assert_true(is_there(&shard, OPEN_PORT));
	assert_int_equal(stats_of(&shard).early_drop, 3);
	shard_close(&shard);
}

// A SYN has 120 s to be answered and UDP has 30: what counts is how long nothing has come.
static void
the_longest_idle_gives_way_not_the_one_with_the_shortest_timeout(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 2);
	play(&shard, half_open, RTE_DIM(half_open));
	ask(&shard, 1);
	shard_wait(&shard, 1);
	ask(&shard, 2);
	assert_false(is_there(&shard, SYN_PORT));
	assert_true(is_there(&shard, 1));
	shard_close(&shard);
}

static void
what_is_used_again_is_not_the_longest_idle(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 3);
	for (uint16_t port = 1; port <= 3; port++) {
		ask(&shard, port);
		shard_wait(&shard, 1);
	}
	send_udp(&shard, 1, CLIENT);
	ask(&shard, 4);
	assert_true(is_there(&shard, 1));
	assert_false(is_there(&shard, 2));
	shard_close(&shard);
}

// An answered one that has expired goes before an unanswered one that has not.
static void
an_expired_one_gives_way_before_all(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 3);
	play(&shard, half_open, RTE_DIM(half_open));
	ask_and_answer(&shard, 1);
	shard_wait(&shard, 20);
	ask(&shard, 2);
	shard_wait(&shard, 10);
	ask(&shard, 3);
	assert_true(is_there(&shard, SYN_PORT) && is_there(&shard, 2) && is_there(&shard, 3));
	assert_int_equal(stats_of(&shard).expired, 1);
	assert_int_equal(stats_of(&shard).early_drop, 0);
	shard_close(&shard);
}

static void
assured_ones_give_way_once_they_have_expired(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 20);
	for (uint16_t port = 1; port <= 20; port++)
		make_assured(&shard, port);
	assert_int_equal(send_udp(&shard, 100, CLIENT).reason, REASON_TABLE_FULL);
	// The first has expired and the last has not. Others came between: the first is not the
	// first that is looked at.
	shard_wait(&shard, 120 - 18 * 3);
	for (int i = 0; i < 20 && stats_of(&shard).expired == 0; i++)
		send_udp(&shard, 100, CLIENT);
	assert_int_equal(stats_of(&shard).expired, 1);
	assert_true(is_there(&shard, 100));
	assert_int_equal(stats_of(&shard).early_drop, 0);
	shard_close(&shard);
}

// Closed connections stay for two minutes, assured as they are.
static void
a_table_full_of_closed_connections_refuses_nobody(void **state)
{
	static const struct segment rows[] = {
		HANDSHAKE,
		C(FIN | ACK, 101, 501, 65535, 0, NULL),
		S(FIN | ACK, 501, 102, 65535, 0, NULL),
		C(ACK, 102, 502, 65535, 0, "established orig: 120 TIME_WAIT [ASSURED]"),
	};
	struct shard shard;

	(void)state;
	open_with(&shard, 20);
	for (uint16_t i = 0; i < 20; i++) {
		struct segment own[RTE_DIM(rows)];

		for (size_t k = 0; k < RTE_DIM(rows); k++) {
			own[k] = rows[k];
			own[k].sport = (uint16_t)(7000 + i);
			own[k].expected = NULL;
		}
		play(&shard, own, RTE_DIM(own));
		shard.now_ns -= 5 * NS_PER_SEC; // they are closed at about the same time
	}
	for (uint16_t port = 1; port <= 20; port++)
		ask_and_answer(&shard, port);
	assert_int_equal(stats_of(&shard).table_full, 0);
	assert_counts(&shard, 20, 0, 0);
	shard_close(&shard);
}

static void
flood(struct shard *shard, uint16_t first, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		ask(shard, (uint16_t)(first + i));
}

static void
an_answered_newcomer_outlives_a_flood(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 64);
	flood(&shard, 10000, 1000);
	ask_and_answer(&shard, 1);
	flood(&shard, 20000, 1000);
	assert_true(is_there(&shard, 1));
	shard_close(&shard);
}

// It waits for its answer behind all that are there, and not as the next to go.
static void
an_unanswered_newcomer_has_the_time_of_all_others(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 64);
	flood(&shard, 10000, 1000);
	ask(&shard, 1);
	flood(&shard, 20000, 63);
	assert_class(send_udp(&shard, 1, SERVER), "established reply");
	shard_close(&shard);
}

// A server that answers all of a flood would leave newcomers no time: a sixteenth of the table is
// theirs.
static void
an_answered_flood_leaves_newcomers_a_share(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 64);
	for (uint16_t i = 0; i < 1000; i++)
		ask_and_answer(&shard, (uint16_t)(10000 + i));
	for (uint16_t port = 1; port <= 4; port++)
		ask(&shard, port);
	for (uint16_t i = 0; i < 1000; i++)
		ask_and_answer(&shard, (uint16_t)(20000 + i));
	for (uint16_t port = 1; port <= 4; port++)
		assert_class(send_udp(&shard, port, SERVER), "established reply");
	assert_int_equal(stats_of(&shard).table_full, 0);
	shard_close(&shard);
}

// Ten in a thousand may go: whoever comes, and as often as he comes, finds one of them.
static void
few_that_may_go_are_found_wherever_they_lie(void **state)
{
	struct shard shard;
	uint16_t port = 1;

	(void)state;
	open_with(&shard, 1000);
	for (; port <= 990; port++)
		ask_and_answer(&shard, port);
	shard_wait(&shard, 3);
	for (port = 1; port <= 990; port++)
		send_udp(&shard, port, CLIENT);
	flood(&shard, 10000, 1000);
	assert_int_equal(stats_of(&shard).table_full, 0);
	for (port = 1; port <= 990; port++)
		assert_class(send_udp(&shard, port, SERVER), "established reply");
	shard_close(&shard);
}

// What a flood must not do: a packet that is refused by itself, not by a rule, takes nobody's
// place.
static void
an_invalid_packet_takes_no_place(void **state)
{
	static const struct segment stray[] = {
		C(FIN | ACK, 100, 100, 65535, 0, "invalid: ", .sport = 9)};
	struct shard shard;

	(void)state;
	open_with(&shard, 4);
	flood(&shard, 1, 4);
	for (int i = 0; i < 3; i++) {
		struct frame frame;

		segments_frame(&frame, &segments_plays[0], &stray[0]);
		assert_class(shard_accept(&shard, &frame), "invalid");
	}
	assert_counts(&shard, 4, 0, 0);
	assert_true(is_there(&shard, 1));
	shard_close(&shard);
}

// Above 95 %, as with the kernel's collector; what has been answered stays.
static void
relief_begins_at_the_mark_with_the_unanswered_and_the_closing(void **state)
{
	struct shard shard;

	(void)state;
	open_with(&shard, 100);
	for (uint16_t port = 1; port <= 85; port++)
		ask_and_answer(&shard, port);
	play(&shard, closed, RTE_DIM(closed));
	flood(&shard, 1000, 9);
	assert_counts(&shard, 95, 0, 0);
	assert_int_equal(ct_relieve(shard.ct, shard.now_ns, 100), 0);

	flood(&shard, 2000, 5);
	assert_int_equal(ct_relieve(shard.ct, shard.now_ns, 2), 2);
	assert_false(is_there(&shard, 1001));
	assert_true(is_there(&shard, 1002));
	assert_int_equal(ct_relieve(shard.ct, shard.now_ns, 100), 3);
	assert_counts(&shard, 95, 0, 0);
	assert_true(is_there(&shard, CLOSE_PORT));

	// 6 unanswered are the newcomers' share of 100. Then what is closing goes, and nothing
	// else.
	for (uint16_t port = 101; port <= 105; port++)
		ask_and_answer(&shard, port);
	assert_int_equal(ct_relieve(shard.ct, shard.now_ns, 100), 4);
	assert_false(is_there(&shard, CLOSE_PORT));
	assert_int_equal(stats_of(&shard).early_drop, 9);
	assert_int_equal(ct_relieve(shard.ct, shard.now_ns, 100), 0);
	assert_counts(&shard, 96, 0, 0);
	for (uint16_t port = 1; port <= 85; port++)
		assert_true(is_there(&shard, port));
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_worthy_gives_way),
		cmocka_unit_test(the_longest_idle_gives_way_not_the_one_with_the_shortest_timeout),
		cmocka_unit_test(what_is_used_again_is_not_the_longest_idle),
		cmocka_unit_test(an_expired_one_gives_way_before_all),
		cmocka_unit_test(assured_ones_give_way_once_they_have_expired),
		cmocka_unit_test(a_table_full_of_closed_connections_refuses_nobody),
		cmocka_unit_test(an_answered_newcomer_outlives_a_flood),
		cmocka_unit_test(an_unanswered_newcomer_has_the_time_of_all_others),
		cmocka_unit_test(an_answered_flood_leaves_newcomers_a_share),
		cmocka_unit_test(few_that_may_go_are_found_wherever_they_lie),
		cmocka_unit_test(an_invalid_packet_takes_no_place),
		cmocka_unit_test(relief_begins_at_the_mark_with_the_unanswered_and_the_closing),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
