// SPDX-License-Identifier: BSD-3-Clause
//
// A rule that is said to take all that another one would is tried with random packets: a matcher
// that knows nothing of this (util/brute.h) must never find one that only the other takes.
//
// The numbers are the same in every run. SALLYPORT_TEST_SEED in the environment gives others.
#include "settings/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <string.h>

#include <cmocka.h>

#include "rules/match_key.h"
#include "util/brute.h"
#include "util/random.h"
#include "util/random_pkt.h"
#include "util/random_rules.h"

#define N_SETS        60
#define N_PACKETS     400
#define N_RULES_MAX   60
#define N_COVERED_MIN 500  // pairs of rules in all sets
#define N_TRIED_MIN   5000 // packets that the second of such a pair takes

static uint64_t n_covered, n_tried;

// A packet as conntrack hands it on: with ports only where the protocol has some.
static struct pkt
tracked_pkt(struct random_room *room)
{
	struct pkt pkt = random_pkt(room);

	pkt.in_port = (uint8_t)random_below(PORTS_MAX);
	pkt.out_port = (uint8_t)random_below(PORTS_MAX);
	pkt.has_ports = pkt.has_ports && proto_has_ports(pkt.tuple.proto);
	pkt.class = (uint8_t)(CLASS_NEW + random_below(CLASS_COUNT - CLASS_NEW));
	pkt.account.has_counters = true;
	return pkt;
}

static bool
matches(struct rule *rule, const struct pkt *pkt)
{
	const struct chain chain = {.n_rules = 1, .rules = rule};
	struct rule_counter counters[2] = {0};
	struct brute brute = {.chains = &chain, .n_chains = 1, .counters = counters};
	struct pkt copy = *pkt;

	brute_judge(&brute, 0, &copy);
	return counters[0].packets > 0;
}

static bool
covers(const struct rule *a, const struct rule *b)
{
	uint64_t steps = UINT64_MAX;

	return cfg_match_is_all(&a->match) ||
	       cfg_match_covers(&a->match, match_keys_of(&a->match), &b->match, &steps);
}

static void
try_chain(const struct chain *chain)
{
	static bool is_covered[N_RULES_MAX][N_RULES_MAX];
	bool does_match[N_RULES_MAX];

	for (unsigned int i = 0; i < chain->n_rules; i++) {
		for (unsigned int j = 0; j < chain->n_rules; j++) {
			is_covered[i][j] = covers(&chain->rules[i], &chain->rules[j]);
			n_covered += i != j && is_covered[i][j];
		}
	}
	for (unsigned int n = 0; n < N_PACKETS; n++) {
		struct random_room room;
		const struct pkt pkt = tracked_pkt(&room);

		for (unsigned int i = 0; i < chain->n_rules; i++)
			does_match[i] = matches(&chain->rules[i], &pkt);
		for (unsigned int i = 0; i < chain->n_rules; i++) {
			for (unsigned int j = 0; j < chain->n_rules; j++) {
				if (!is_covered[i][j] || !does_match[j] || i == j)
					continue;
				n_tried++;
				if (!does_match[i])
					fail_msg("seed %" PRIu64 ": rule %u does not take what "
						 "rule %u takes",
						 random_seed(), i, j);
			}
		}
	}
}

static void
what_is_covered_takes_nothing_more(void **state)
{
	static const struct random_shape shape = {1, N_RULES_MAX, 3, 25};

	(void)state;
	for (unsigned int set = 0; set < N_SETS; set++) {
		struct chain chain;

		random_start(random_seed(), set);
		assert_int_equal(random_chains(&shape, &chain), 1);
		try_chain(&chain);
		random_chains_free(&chain, 1);
	}
	assert_true(n_covered >= N_COVERED_MIN);
	assert_true(n_tried >= N_TRIED_MIN);
}

static void
steps_are_a_bound(void **state)
{
	struct prefix hosts[100];
	struct match a = {.n_src = 100, .src = hosts}, b = a;
	uint64_t steps = 1 + 100 * 101 / 2;

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		hosts[i] = (struct prefix){
			.family = FAMILY_IPV4,
			.len = 32,
			.address.v6 = {10, 0, 0, i},
		};
	assert_true(cfg_match_covers(&a, match_keys_of(&a), &b, &steps));
	assert_int_equal(steps, 0);
	steps = 100 * 101 / 2;
	assert_false(cfg_match_covers(&a, match_keys_of(&a), &b, &steps));
	assert_int_equal(steps, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_covered_takes_nothing_more),
		cmocka_unit_test(steps_are_a_bound),
	};

	return cmocka_run_group_tests_name("config_cover", tests, NULL, NULL);
}
