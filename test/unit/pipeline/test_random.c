// SPDX-License-Identifier: BSD-3-Clause
//
// Nobody can tell a remembered answer from one that was asked for: random rulesets and random
// traffic, through the pipeline as it is, through one that must forget after every packet, and
// through conntrack and a matcher that asks rule by rule (reference.h). Everything that is known
// about each packet in the end is compared, and every counter.
//
// The numbers are the same in every run; SALLYPORT_TEST_SEED in the environment gives others.
#include "pipeline/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_ring.h>

#include "reference.h"
#include "rules/match_key.h"
#include "traffic.h"
#include "util/eal.h"
#include "util/path.h"
#include "util/random.h"
#include "util/random_rules.h"

#define N_RULESETS             UINT64_C(150)
#define N_PACKETS              800
#define N_CHAINS_MAX           6
#define N_RULES_MAX            200
#define N_BY_CLASS_MAX         3 // in each chain
#define N_COUNTERS_MAX         (N_RULES_MAX + (1 + N_BY_CLASS_MAX) * N_CHAINS_MAX)
#define N_COMPARED_MIN         1000000
#define RECALLED_MIN_ONE_IN    20  // packets
#define OF_CLASS_MIN_ONE_IN    200 // packets, with an answer that no connection remembered
#define CONNECTIONS_WHEN_SMALL 6

// What became of the same packets in one of three ways.
struct outcome_of_run {
	struct pkt pkts[N_PACKETS];
	struct rule_counter counters[N_COUNTERS_MAX];
	uint64_t n_recalled;
	uint64_t n_of_class; // of these, without a connection to remember it
};

struct scene {
	struct chain chains[N_CHAINS_MAX];
	struct path_options options;
	struct arrival arrivals[N_PACKETS];
	struct outcome_of_run usual, forgetful, wanted;
};

static uint64_t seed;
static unsigned int ruleset_number;

// ---- Rulesets whose chains stand everywhere, and which let enough pass that flows go on.

// Which of the things that make rules say different things to packets of one connection they do at
// all, in percent of those that would; and the classes of packets for which they do, 0: all.
struct style {
	unsigned int looks_at_flags;
	unsigned int looks_at_packets;
	unsigned int looks_at_marks;
	unsigned int sets_marks;
	unsigned int sets_zones;
	unsigned int sets_helpers;
	uint8_t classes_looked_at;
	uint8_t classes_set;
};

// A rule that many packets match leaves nothing to those behind it: it is for one host alone.
static void
narrow(struct match *match)
{
	const enum family family = random_family();

	if (match->n_src + match->n_dst > 0)
		return;
	match->src = calloc(1, sizeof(*match->src));
	assert_non_null(match->src);
	match->n_src = 1;
	match->src[0] = (struct prefix){
		.family = (uint8_t)family,
		.len = family == FAMILY_IPV4 ? 32 : 128,
		.address = random_host(family, random_below(TRAFFIC_HOSTS)),
	};
}

// The match no longer asks for what varies with every packet, TCP flags apart.
static void
drop_packet_keys(struct match *match)
{
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];
		uint8_t *member = (uint8_t *)match + key->offset;
		struct match_list list;

		if (key->varies != MATCH_PER_PACKET || i == MATCH_KEY_tcp_flags)
			continue;
		if (key->kind == MATCH_KIND_BITS) {
			*member = 0;
			continue;
		}
		list = match_list(match, key);
		free(list.list);
		memset(member, 0, sizeof(list));
	}
}

static bool
looks_at_packets(const struct match *match)
{
	uint64_t keys = match_keys_of(match);

	while (keys != 0) {
		if (match_keys_next(&keys)->varies == MATCH_PER_PACKET)
			return true;
	}
	return false;
}

static void
temper_rule(struct rule *rule, const struct style *style)
{
	struct match *match = &rule->match;
	uint8_t classes = 0;
	bool looks;

	// One flag or one bit, in which packets differ.
	match->tcp_flags_mask = random_chance(style->looks_at_flags) ? 1 << random_below(5) : 0;
	match->mark.mask = random_chance(style->looks_at_marks) ? 1u << random_below(3) : 0;
	if (!random_chance(style->looks_at_packets))
		drop_packet_keys(match);
	if (!random_chance(style->sets_marks))
		rule->set_mark.mask = 0;
	if (!random_chance(style->sets_zones))
		rule->has_set_zone = false;
	if (!random_chance(style->sets_helpers))
		rule->set_helper = 0;
	looks = match->mark.mask != 0 || looks_at_packets(match);
	if (rule->set_mark.mask != 0 || rule->has_set_zone)
		classes = style->classes_set;
	else if (looks)
		classes = style->classes_looked_at;
	if (classes != 0)
		match->classes = classes;
	if (random_chance(80))
		narrow(match);
	if (rule->action > ACTION_ACCEPT && random_chance(40))
		rule->action = ACTION_ACCEPT;
}

// Before its other rules the chain has one that looks at the class alone, or at TCP besides.
static void
begin_by_class(struct chain *chain)
{
	static const enum action actions[] = {ACTION_ACCEPT, ACTION_ACCEPT, ACTION_ACCEPT,
					      ACTION_DROP, ACTION_NONE};
	static const uint8_t classes[] = {1 << CLASS_ESTABLISHED, 1 << CLASS_ESTABLISHED,
					  1 << CLASS_INVALID, 1 << CLASS_RELATED, 1 << CLASS_NEW};
	struct rule *rules = realloc(chain->rules, (chain->n_rules + 1) * sizeof(*rules));

	assert_non_null(rules);
	memmove(rules + 1, rules, chain->n_rules * sizeof(*rules));
	rules[0] = (struct rule){.match.classes = RANDOM_PICK(classes),
				 .action = RANDOM_PICK(actions)};
	if (random_chance(20)) {
		rules[0].match.protos = malloc(1);
		assert_non_null(rules[0].match.protos);
		rules[0].match.protos[0] = PROTO_TCP;
		rules[0].match.n_protos = 1;
	}
	chain->rules = rules;
	chain->n_rules++;
}

static int
compare_priorities(const void *a, const void *b)
{
	const int32_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static void
make_ruleset(struct scene *scene)
{
	static const int32_t places[] = {-500, -300, -150, 0, 0, INT32_MAX, INT32_MAX};
	static const uint8_t classes[] = {0, 1 << CLASS_NEW, 1 << CLASS_NEW,
					  1 << CLASS_ESTABLISHED};
	const struct random_shape shape = {N_CHAINS_MAX, N_RULES_MAX, 3, 20};
	const struct style style = {
		.looks_at_flags = random_chance(50) ? 25 : 0,
		.looks_at_packets = random_chance(50) ? 90 : 0,
		.looks_at_marks = random_chance(50) ? 20 : 0,
		.sets_marks = random_chance(50) ? 50 : 0,
		.sets_zones = random_chance(30) ? 50 : 0,
		.sets_helpers = random_chance(50) ? 50 : 0,
		.classes_looked_at = RANDOM_PICK(classes),
		.classes_set = RANDOM_PICK(classes),
	};
	const struct style everything = {10, 100, 10, 100, 100, 2 * style.sets_helpers, 0, 0};
	const unsigned int n_by_class = random_chance(50) ? 0 : random_below(N_BY_CLASS_MAX + 1);
	unsigned int n = random_chains(&shape, scene->chains);
	int32_t priorities[N_CHAINS_MAX];

	for (unsigned int i = 0; i < n; i++)
		priorities[i] = RANDOM_PICK(places);
	qsort(priorities, n, sizeof(priorities[0]), compare_priorities);
	for (unsigned int i = 0; i < n; i++) {
		struct chain *chain = &scene->chains[i];
		const bool is_between =
			priorities[i] >= PRIORITY_CONNTRACK && priorities[i] < PRIORITY_CONFIRM;

		chain->priority = priorities[i];
		if (random_chance(90))
			chain->policy = ACTION_ACCEPT;
		for (unsigned int k = 0; k < chain->n_rules; k++)
			temper_rule(&chain->rules[k], is_between ? &style : &everything);
		for (unsigned int k = 0; is_between && k < n_by_class; k++)
			begin_by_class(chain);
	}
	scene->options = (struct path_options){
		.chains = scene->chains,
		.n_chains = n,
		.max_connections = random_chance(20) ? CONNECTIONS_WHEN_SMALL : 0,
	};
}

// ---- The three ways.

// True when the rules between conntrack and confirm were asked about the packet: the first of them
// that counted it is then the first in its trail.
static bool
was_asked(const struct ruleset *ruleset, const struct pkt *pkt)
{
	const unsigned int n_rules = ruleset_n_rules(ruleset);
	unsigned int chain = 0;
	int32_t priority;

	if (pkt->n_trail == 0)
		return false;
	if (pkt->trail[0] >= n_rules)
		chain = pkt->trail[0] - n_rules;
	else
		while (pkt->trail[0] >=
		       ruleset_chain_first(ruleset, chain) + ruleset_chain_n_rules(ruleset, chain))
			chain++;
	priority = ruleset_chain_priority(ruleset, chain);
	return priority >= PRIORITY_CONNTRACK && priority < PRIORITY_CONFIRM;
}

static bool
has_chains_between(const struct scene *scene)
{
	for (unsigned int i = 0; i < scene->options.n_chains; i++) {
		if (scene->chains[i].priority >= PRIORITY_CONNTRACK &&
		    scene->chains[i].priority < PRIORITY_CONFIRM)
			return true;
	}
	return false;
}

// What the rules have said to the packet is asked again next time.
static void
forget(struct path *path, const struct pkt *pkt)
{
	struct memos *memos = &path->pipeline->plan.memos;

	memset(memos->of_class, 0, sizeof(memos->of_class));
	if (pkt->memo != NULL)
		*pkt->memo = (struct verdict_memo){0};
}

// Through the pipeline, in bursts of random size; or one by one, and nothing is remembered.
static void
run(const struct scene *scene, bool is_forgetful, struct outcome_of_run *outcome)
{
	static struct burst burst;
	const bool counts = has_chains_between(scene);
	struct path path;
	uint16_t n;

	outcome->n_recalled = 0;
	outcome->n_of_class = 0;
	path_open(&path, &scene->options);
	for (unsigned int begin = 0; begin < N_PACKETS; begin += n) {
		n = is_forgetful ? 1 : (uint16_t)(1 + random_below(BURST_MAX));
		n = (uint16_t)RTE_MIN(n, N_PACKETS - begin);
		path_run(&path, &scene->arrivals[begin], n, &burst);
		rte_ring_reset(path.events);
		for (uint16_t i = 0; i < n; i++) {
			struct pkt *pkt = &burst.pkts[i];

			// Conntrack has seen it, so it went on to the rules.
			if (counts && pkt->class != CLASS_NONE &&
			    !was_asked(path.snapshot->ruleset, pkt)) {
				outcome->n_recalled++;
				outcome->n_of_class += pkt->memo == NULL;
			}
			if (is_forgetful)
				forget(&path, pkt);
			outcome->pkts[begin + i] = *pkt;
		}
	}
	memcpy(outcome->counters, pipeline_rule_counters(path.pipeline),
	       ruleset_n_counters(path.snapshot->ruleset) * sizeof(outcome->counters[0]));
	path_close(&path);
}

// Returns how many pairs of packet and rule were compared.
static uint64_t
run_reference(const struct scene *scene, struct outcome_of_run *outcome)
{
	struct reference reference;
	uint64_t n_compared;

	memset(outcome->counters, 0, sizeof(outcome->counters));
	reference_open(&reference, &scene->options, outcome->counters);
	for (unsigned int i = 0; i < N_PACKETS; i++) {
		outcome->pkts[i] = reference_run(&reference, &scene->arrivals[i]);
		rte_ring_reset(reference.path.events);
	}
	n_compared = reference.brute.n_compared;
	reference_close(&reference);
	return n_compared;
}

// ---- The comparison.

// What has to be the same. The rest is of the packet itself, or nothing reads it any more.
static const struct {
	const char *name;
	size_t off, size;
} facts[] = {
#define PLACE(field) offsetof(struct pkt, field), sizeof(((struct pkt *)0)->field)
	{"verdict", PLACE(verdict)},
	{"reason", PLACE(reason)},
	{"chain", PLACE(chain)},
	{"rule", PLACE(rule)},
	{"class", PLACE(class)},
	{"direction", PLACE(dir)},
	{"fault", PLACE(fault)},
	{"helper", PLACE(helper)},
	{"helper to set", PLACE(set_helper)},
	{"mark", PLACE(mark)},
	{"zone", PLACE(tuple.zone)},
	{"connection", PLACE(conn_id)},
	{"deadline", PLACE(ct_deadline)},
	{"status", PLACE(ct_status)},
	{"being in the table", PLACE(in_table)},
#undef PLACE
};

static uint64_t
number_at(const struct pkt *pkt, size_t off, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, (const uint8_t *)pkt + off, RTE_MIN(size, sizeof(number)));
	return number;
}

static void
check_pkt(const char *who, unsigned int number, const struct pkt *got, const struct pkt *want)
{
	for (size_t i = 0; i < RTE_DIM(facts); i++) {
		const size_t off = facts[i].off, size = facts[i].size;

		if (memcmp((const uint8_t *)got + off, (const uint8_t *)want + off, size) != 0)
			fail_msg("seed %" PRIu64 ", ruleset %u, packet %u, %s: %s is %" PRIu64
				 ", expected %" PRIu64,
				 seed, ruleset_number, number, who, facts[i].name,
				 number_at(got, off, size), number_at(want, off, size));
	}
}

static void
check_run(const struct scene *scene, const char *who, const struct outcome_of_run *got)
{
	const struct outcome_of_run *want = &scene->wanted;
	unsigned int n_counters = scene->options.n_chains;

	for (unsigned int i = 0; i < scene->options.n_chains; i++)
		n_counters += scene->chains[i].n_rules;
	for (unsigned int i = 0; i < N_PACKETS; i++)
		check_pkt(who, i, &got->pkts[i], &want->pkts[i]);
	for (unsigned int i = 0; i < n_counters; i++) {
		if (got->counters[i].packets != want->counters[i].packets ||
		    got->counters[i].bytes != want->counters[i].bytes)
			fail_msg("seed %" PRIu64 ", ruleset %u, %s: counter %u is %" PRIu64
				 ", expected %" PRIu64,
				 seed, ruleset_number, who, i, got->counters[i].packets,
				 want->counters[i].packets);
	}
}

// Returns how many pairs of packet and rule were compared.
static uint64_t
check_ruleset(struct scene *scene)
{
	struct traffic traffic;
	uint64_t n_compared;

	make_ruleset(scene);
	traffic_begin(&traffic);
	for (unsigned int i = 0; i < N_PACKETS; i++)
		traffic_next(&traffic, &scene->arrivals[i]);
	n_compared = run_reference(scene, &scene->wanted);
	run(scene, true, &scene->forgetful);
	check_run(scene, "asked every time", &scene->forgetful);
	assert_int_equal(scene->forgetful.n_recalled, 0);
	run(scene, false, &scene->usual);
	check_run(scene, "remembered", &scene->usual);
	random_chains_free(scene->chains, scene->options.n_chains);
	return n_compared;
}

static void
random_traffic_is_judged_as_rule_by_rule(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	uint64_t n_compared = 0, n_recalled = 0, n_of_class = 0;
	uint64_t n_packets = N_RULESETS * N_PACKETS;

	(void)state;
	assert_non_null(scene);
	seed = random_seed();
	for (ruleset_number = 0; ruleset_number < N_RULESETS; ruleset_number++) {
		random_start(seed, ruleset_number);
		n_compared += check_ruleset(scene);
		n_recalled += scene->usual.n_recalled;
		n_of_class += scene->usual.n_of_class;
	}
	free(scene);
	print_message("seed %" PRIu64 ": %" PRIu64 " pairs of packet and rule compared; "
		      "%" PRIu64 " of %" PRIu64 " packets had a remembered answer, %" PRIu64
		      " of them that of their class alone\n",
		      seed, n_compared, n_recalled, n_packets, n_of_class);
	assert_true(n_compared >= N_COMPARED_MIN);
	assert_true(n_recalled >= n_packets / RECALLED_MIN_ONE_IN);
	assert_true(n_of_class >= n_packets / OF_CLASS_MIN_ONE_IN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_traffic_is_judged_as_rule_by_rule),
	};

	return cmocka_run_group_tests_name("pipeline_random", tests, test_eal_start, test_eal_stop);
}
