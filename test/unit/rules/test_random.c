// SPDX-License-Identifier: BSD-3-Clause
//
// Random rulesets judge random packets as a matcher does that goes through all rules, one packet at
// a time, one rule at a time (util/brute.h). Everything a chain may write is compared, and every
// counter.
//
// The numbers are the same in every run. SALLYPORT_TEST_SEED in the environment gives others;
// SALLYPORT_TEST_SIMD chooses the classifier of rte_acl (see fixture.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/brute.h"
#include "util/random.h"
#include "util/random_pkt.h"
#include "util/random_rules.h"

#define N_RULESETS     60
#define N_BURSTS       40
#define N_RULES_MAX    200
#define N_CHAINS_MAX   3
#define N_COMPARED_MIN 1000000

// A packet that may have no connection.
static struct pkt
any_pkt(struct random_room *room)
{
	struct pkt pkt = random_pkt(room);

	if (random_chance(20)) {
		pkt.conn = NULL;
		pkt.account = (struct account){0};
	}
	return pkt;
}

static uint64_t seed;
static unsigned int ruleset_number;

static void
print_pkt(const char *who, const struct pkt *pkt)
{
	print_error(
		"%s: verdict %u reason %u chain %u rule %u mark %u zone %u notrack %u helper %u\n",
		who, pkt->verdict, pkt->reason, pkt->chain, pkt->rule, pkt->mark, pkt->tuple.zone,
		pkt->is_notrack, pkt->set_helper);
}

// All of it: what the chains may write, and that they wrote nothing else.
static void
check_pkt(const struct pkt *got, const struct pkt *want, unsigned int chain)
{
	if (memcmp(got, want, sizeof(*got)) == 0)
		return;
	print_pkt("got", got);
	print_pkt("want", want);
	fail_msg("seed %" PRIu64 ", ruleset %u, chain %u", seed, ruleset_number, chain);
}

// A burst through all chains; what a chain refuses does not reach the next one.
static void
check_burst(const struct ruleset *ruleset, struct rule_counter got[], struct brute *brute)
{
	static struct random_room rooms[64];
	struct pkt pkts[64], wanted[64], *live[64];
	uint16_t n = (uint16_t)(1 + random_below(64)), n_live = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct pkt pkt = any_pkt(&rooms[i]);

		memcpy(&pkts[i], &pkt, sizeof(pkt));
		memcpy(&wanted[i], &pkt, sizeof(pkt));
	}
	for (unsigned int c = 0; c < brute->n_chains; c++) {
		n_live = 0;
		for (uint16_t i = 0; i < n; i++) {
			if (wanted[i].verdict == VERDICT_PENDING)
				live[n_live++] = &pkts[i];
		}
		ruleset_eval_burst(ruleset, c, live, n_live, got);
		for (uint16_t i = 0; i < n; i++) {
			if (wanted[i].verdict == VERDICT_PENDING)
				brute_judge(brute, c, &wanted[i]);
			check_pkt(&pkts[i], &wanted[i], c);
		}
	}
}

// Returns how many pairs of packet and rule were compared.
static uint64_t
check_ruleset(void)
{
	struct rule_counter got[N_RULES_MAX + N_CHAINS_MAX] = {0};
	struct rule_counter want[N_RULES_MAX + N_CHAINS_MAX] = {0};
	const struct random_shape shape = {N_CHAINS_MAX, N_RULES_MAX, 10, 50};
	struct chain chains[N_CHAINS_MAX];
	struct brute brute = {
		.chains = chains,
		.n_chains = random_chains(&shape, chains),
		.counters = want,
	};
	struct ruleset *ruleset = fixture_compile(chains, brute.n_chains);

	for (unsigned int i = 0; i < N_BURSTS; i++)
		check_burst(ruleset, got, &brute);
	for (unsigned int i = 0; i < ruleset_n_counters(ruleset); i++) {
		if (got[i].packets != want[i].packets || got[i].bytes != want[i].bytes)
			fail_msg("seed %" PRIu64 ", ruleset %u: counter %u is %" PRIu64
				 ", expected %" PRIu64,
				 seed, ruleset_number, i, got[i].packets, want[i].packets);
	}
	ruleset_destroy(ruleset);
	random_chains_free(chains, brute.n_chains);
	return brute.n_compared;
}

static void
random_rulesets_judge_as_rule_by_rule(void **state)
{
	uint64_t n_compared = 0;

	(void)state;
	seed = random_seed();
	for (ruleset_number = 0; ruleset_number < N_RULESETS; ruleset_number++) {
		random_start(seed, ruleset_number);
		n_compared += check_ruleset();
	}
	print_message("seed %" PRIu64 ": %" PRIu64 " pairs of packet and rule compared\n", seed,
		      n_compared);
	assert_true(n_compared >= N_COMPARED_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rulesets_judge_as_rule_by_rule),
	};

	return cmocka_run_group_tests_name("random", tests, fixture_eal, NULL);
}
