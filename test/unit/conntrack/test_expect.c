// SPDX-License-Identifier: BSD-3-Clause
//
// Expectations alone: who is expected, by whom, how long and how many.
#include "conntrack/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_memory.h>

#include "packet/hash.h"
#include "util/eal.h"
#include "util/random.h"

#define NOBODY UINT32_MAX

#define N_MASTERS 80000

static struct ct_expects *expects;
static uint64_t n_given_up;

static int
create(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = {1};
	static struct hash_secret secret;

	(void)state;
	hash_secret_init(&secret, seed);
	n_given_up = 0;
	expects = ct_expects_create(&(struct ct_expects_config){
		.n_masters = N_MASTERS,
		.secret = &secret,
		.n_given_up = &n_given_up,
		.socket = SOCKET_ID_ANY,
	});
	return expects == NULL ? -1 : 0;
}

static int
destroy(void **state)
{
	(void)state;
	ct_expects_destroy(expects);
	return 0;
}

// A connection from host 1, any port, to host 2.
static struct tuple
make_tuple(uint16_t sport, uint16_t dport)
{
	struct tuple tuple = {
		.src_field = sport,
		.dst_field = dport,
		.proto = PROTO_TCP,
		.family = FAMILY_IPV4,
	};

	tuple.src.v4 = 1;
	tuple.dst.v4 = 2;
	return tuple;
}

static bool
expect(uint32_t master, uint16_t dport, tick_t now, uint8_t max)
{
	const struct ct_expectation wanted = {
		.tuple = make_tuple(0, dport),
		.master = master,
		.deadline = now + ticks_from_sec(300),
		.max_per_master = max,
	};

	return ct_expect_add(expects, &wanted, now);
}

static uint32_t
take(uint16_t sport, uint16_t dport, tick_t now)
{
	const struct tuple tuple = make_tuple(sport, dport);

	return ct_expect_take(expects, &tuple, now);
}

static void
an_expectation_is_used_once_whatever_the_source_port(void **state)
{
	(void)state;
	assert_int_equal(take(20, 1930, 0), NOBODY);
	assert_true(expect(7, 1930, 0, 1));
	assert_int_equal(ct_expects_count(expects), 1);
	assert_int_equal(take(12345, 1930, 0), 7);
	assert_int_equal(ct_expects_count(expects), 0);
	assert_int_equal(take(12345, 1930, 0), NOBODY);
}

static void
all_but_the_source_port_must_fit(void **state)
{
	const struct tuple wanted = make_tuple(20, 1930);

	(void)state;
	assert_true(expect(7, 1930, 0, 1));
	for (int field = 0; field < 6; field++) {
		struct tuple other = wanted;

		other.src.v4 ^= field == 0;
		other.dst.v4 ^= field == 1;
		other.dst_field ^= field == 2;
		other.zone ^= field == 3;
		other.proto = field == 4 ? PROTO_UDP : other.proto;
		other.family = field == 5 ? FAMILY_IPV6 : other.family;
		assert_int_equal(ct_expect_take(expects, &other, 0), NOBODY);
	}
	assert_int_equal(ct_expect_take(expects, &wanted, 0), 7);
}

// Both directions between two hosts, with their source ports.
static void
expect_either_way(uint32_t master, uint16_t id, uint16_t peers)
{
	struct ct_expectation wanted = {
		.tuple = make_tuple(id, peers),
		.master = master,
		.deadline = ticks_from_sec(300),
		.max_per_master = 2,
		.has_src_field = true,
		.is_either_way = true,
	};

	assert_true(ct_expect_add(expects, &wanted, 0));
	assert_true(tuple_invert(&wanted.tuple, &wanted.tuple));
	assert_true(ct_expect_add(expects, &wanted, 0));
}

static void
a_source_port_may_have_to_fit(void **state)
{
	(void)state;
	expect_either_way(7, 100, 200);
	expect_either_way(8, 101, 200);
	assert_int_equal(ct_expects_count(expects), 4);
	assert_int_equal(take(102, 200, 0), NOBODY);
	assert_int_equal(take(0, 200, 0), NOBODY);
	assert_int_equal(take(101, 200, 0), 8);
	assert_int_equal(take(100, 200, 0), 7);
}

// One that is expected from either side comes once, from one of them.
static void
the_other_way_is_used_up_too(void **state)
{
	for (int way = 0; way <= 1; way++) {
		const struct tuple there = make_tuple(100, 200);
		struct tuple back;

		(void)state;
		assert_true(tuple_invert(&there, &back));
		expect_either_way(7, 100, 200);
		expect_either_way(8, 101, 200);
		assert_int_equal(ct_expect_take(expects, way == 0 ? &there : &back, 0), 7);
		assert_int_equal(ct_expects_count(expects), 2);
		assert_int_equal(ct_expect_take(expects, &there, 0), NOBODY);
		assert_int_equal(ct_expect_take(expects, &back, 0), NOBODY);
		assert_int_equal(take(101, 200, 0), 8);
		assert_int_equal(ct_expects_count(expects), 0);
	}
}

static void
an_expectation_expires(void **state)
{
	const tick_t begin = UINT32_MAX - 100; // ticks wrap meanwhile

	(void)state;
	assert_true(expect(7, 1930, begin, 1));
	assert_true(expect(8, 1931, begin, 1));
	assert_int_equal(take(20, 1930, begin + ticks_from_sec(300) - 1), 7);
	assert_int_equal(take(20, 1931, begin + ticks_from_sec(300)), NOBODY);
}

// The same one again lives on from now; nobody else may expect it meanwhile.
static void
the_same_expectation_is_refreshed(void **state)
{
	(void)state;
	assert_true(expect(7, 1930, 0, 1));
	assert_true(expect(7, 1930, ticks_from_sec(200), 1));
	assert_int_equal(ct_expects_count(expects), 1);
	assert_false(expect(8, 1930, ticks_from_sec(200), 1));
	assert_int_equal(take(20, 1930, ticks_from_sec(499)), 7);

	// Once it has expired, another master may have it.
	assert_true(expect(7, 1930, 0, 1));
	assert_true(expect(8, 1930, ticks_from_sec(300), 1));
	assert_int_equal(take(20, 1930, ticks_from_sec(301)), 8);
}

// At its limit a master gives up its oldest one.
static void
the_oldest_of_a_master_gives_way(void **state)
{
	(void)state;
	assert_true(expect(7, 1, 0, 2));
	assert_true(expect(8, 100, 0, 1));
	assert_true(expect(7, 2, 1, 2));
	assert_true(expect(7, 3, 2, 2));
	assert_int_equal(ct_expects_count(expects), 3);
	assert_int_equal(take(20, 1, 3), NOBODY);
	assert_int_equal(take(20, 2, 3), 7);
	assert_int_equal(take(20, 3, 3), 7);
	assert_int_equal(take(20, 100, 3), 8);
}

static void
all_of_a_master_go_with_it(void **state)
{
	(void)state;
	for (uint16_t port = 1; port <= 10; port++)
		assert_true(expect(port % 2, port, 0, 10));
	ct_expect_forget(expects, 1);
	assert_int_equal(ct_expects_count(expects), 5);
	for (uint16_t port = 1; port <= 10; port++)
		assert_int_equal(take(20, port, 0), port % 2 == 0 ? 0 : NOBODY);
}

static bool
expect_as(uint32_t master, uint16_t dport, tick_t now, bool is_answered)
{
	const struct ct_expectation wanted = {
		.tuple = make_tuple(0, dport),
		.master = master,
		.deadline = now + ticks_from_sec(300),
		.max_per_master = 1,
		.is_answered = is_answered,
	};

	return ct_expect_add(expects, &wanted, now);
}

// Memory is bounded: in a full array the oldest one gives way to a newcomer, which is counted.
static void
in_a_full_array_the_oldest_gives_way(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < CT_EXPECTS_MAX; i++)
		assert_true(expect_as(i, (uint16_t)i, 1, false));
	assert_int_equal(n_given_up, 0);
	assert_true(expect_as(0, 0, 2, false)); // again: it is the youngest now
	assert_true(expect_as(70000, 60000, 2, false));
	assert_int_equal(ct_expects_count(expects), CT_EXPECTS_MAX);
	assert_int_equal(n_given_up, 1);
	assert_int_equal(take(20, 1, 2), NOBODY);
	assert_int_equal(take(20, 0, 2), 0);
	assert_int_equal(take(20, 60000, 2), 70000);
	assert_int_equal(ct_expects_count(expects), CT_EXPECTS_MAX - 2);
	assert_true(expect_as(70001, 60001, 2, false));
	assert_true(expect_as(70002, 60002, 2, false));
	assert_int_equal(n_given_up, 1);
	ct_expects_destroy(NULL);
}

// What anybody can announce with one packet gives way to what has been answered, never the other
// way round; what is over, before both, uncounted.
static void
who_was_not_answered_gives_way_first(void **state)
{
	const tick_t later = ticks_from_sec(300);

	(void)state;
	for (uint32_t i = 0; i < CT_EXPECTS_MAX; i++)
		assert_true(expect_as(i, (uint16_t)i, i == 7 ? 0 : 1, i < 10));
	for (uint32_t i = 0; i < 3 * CT_EXPECTS_MAX; i++)
		assert_true(expect_as(10000 + i, (uint16_t)(10000 + i), 1, false));
	assert_int_equal(n_given_up, 3 * CT_EXPECTS_MAX);
	for (uint16_t port = 0; port < 7; port++)
		assert_int_equal(take(20, port, 1), port);
	for (uint32_t i = 0; i < 7; i++)
		assert_true(expect_as(i, (uint16_t)i, 1, true));
	assert_int_equal(n_given_up, 3 * CT_EXPECTS_MAX);
	assert_true(expect_as(70000, 60000, later, false));
	assert_int_equal(n_given_up, 3 * CT_EXPECTS_MAX);
	assert_int_equal(take(20, 7, 1), NOBODY);
}

// As long as somebody can announce, nobody is kept out: not even by those who are answered.
static void
who_was_answered_gives_way_too(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < CT_EXPECTS_MAX; i++)
		assert_true(expect_as(i, (uint16_t)i, 1, true));
	for (uint32_t i = 0; i < 100; i++)
		assert_true(expect_as(10000 + i, (uint16_t)(10000 + i), 1, false));
	assert_int_equal(take(20, 10099, 1), 10099);
	assert_int_equal(take(20, 0, 1), NOBODY);
	assert_int_equal(take(20, 1, 1), 1);
	assert_int_equal(n_given_up, 100);
}

// However many are announced and whoever goes, in whatever order: what is found is what a list of
// all would have found.
static void
a_million_steps_are_those_of_a_plain_list(void **state)
{
	enum { MASTERS = 40, PORTS = 90 };
	static struct {
		uint32_t master;
		tick_t deadline;
		bool is_there;
	} model[PORTS];
	tick_t now = 0;

	(void)state;
	random_start(random_seed(), 1);
	for (unsigned int step = 0; step < 1000000; step++) {
		const uint16_t port = (uint16_t)random_below(PORTS);
		const uint32_t master = random_below(MASTERS);
		bool is_there;

		now += random_below(3) == 0 ? random_below(2000) : 0;
		is_there = model[port].is_there && !tick_reached(model[port].deadline, now);
		switch (random_below(8)) {
		case 0:
			ct_expect_forget(expects, master);
			for (unsigned int i = 0; i < PORTS; i++)
				model[i].is_there &= model[i].master != master;
			break;
		case 1:
		case 2:
			assert_int_equal(take(20, port, now),
					 is_there ? model[port].master : NOBODY);
			model[port].is_there = false;
			break;
		default:
			if (is_there && model[port].master != master) {
				assert_false(expect(master, port, now, PORTS));
				break;
			}
			assert_true(expect(master, port, now, PORTS));
			model[port].master = master;
			model[port].deadline = now + ticks_from_sec(300);
			model[port].is_there = true;
		}
	}
	assert_int_equal(n_given_up, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_expectation_is_used_once_whatever_the_source_port, create, destroy),
		cmocka_unit_test_setup_teardown(all_but_the_source_port_must_fit, create, destroy),
		cmocka_unit_test_setup_teardown(a_source_port_may_have_to_fit, create, destroy),
		cmocka_unit_test_setup_teardown(the_other_way_is_used_up_too, create, destroy),
		cmocka_unit_test_setup_teardown(an_expectation_expires, create, destroy),
		cmocka_unit_test_setup_teardown(the_same_expectation_is_refreshed, create, destroy),
		cmocka_unit_test_setup_teardown(the_oldest_of_a_master_gives_way, create, destroy),
		cmocka_unit_test_setup_teardown(all_of_a_master_go_with_it, create, destroy),
		cmocka_unit_test_setup_teardown(in_a_full_array_the_oldest_gives_way, create,
						destroy),
		cmocka_unit_test_setup_teardown(who_was_not_answered_gives_way_first, create,
						destroy),
		cmocka_unit_test_setup_teardown(who_was_answered_gives_way_too, create, destroy),
		cmocka_unit_test_setup_teardown(a_million_steps_are_those_of_a_plain_list, create,
						destroy),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
