// SPDX-License-Identifier: BSD-3-Clause
//
// Random rulesets judge random packets as a matcher does that knows nothing but rules.h: it goes
// through all rules, one packet at a time, one rule at a time. Everything a chain may write is
// compared, and every counter.
//
// The numbers are the same in every run. SALLYPORT_TEST_SEED in the environment gives others;
// SALLYPORT_TEST_SIMD chooses the classifier of rte_acl (see fixture.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define N_RULESETS     60
#define N_BURSTS       40
#define N_RULES_MAX    200
#define N_CHAINS_MAX   3
#define N_COMPARED_MIN 1000000

static uint64_t random_state;

// xorshift64*
static uint64_t
random_bits(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint32_t
below(uint32_t n)
{
	return (uint32_t)((random_bits() >> 32) % n);
}

static bool
chance(unsigned int percent)
{
	return below(100) < percent;
}

// Each bit is set in one of four.
static uint64_t
few_bits(void)
{
	uint64_t bits = random_bits();

	return bits & random_bits();
}

#define PICK(pool) (pool)[below(RTE_DIM(pool))]

// ---- Random data. Values are few, so that packets and rules meet.

static uint8_t
random_proto(void)
{
	static const uint8_t pool[] = {PROTO_TCP,  PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6,
				       PROTO_SCTP, PROTO_GRE, 0,         UINT8_MAX};

	return PICK(pool);
}

static uint16_t
random_port(void)
{
	static const uint16_t pool[] = {0,   1,    22,   80,    81,    255,       256,
					443, 1024, 1025, 32768, 65534, UINT16_MAX};

	return chance(90) ? PICK(pool) : (uint16_t)random_bits();
}

static uint8_t
random_icmp(void)
{
	static const uint8_t pool[] = {0, 1, 2, 3, 4, 5, 8, 11, 127, 128, 129, UINT8_MAX};

	return PICK(pool);
}

static enum family
random_family(void)
{
	return chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static unsigned int
family_width(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

// One of a few hosts, now and then with one bit wrong.
static union address
random_address(enum family family)
{
	union address address = fixture_host(family, below(12));

	if (chance(20)) {
		unsigned int bit = below(family_width(family));

		address.v6[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
	}
	return address;
}

static struct prefix
random_prefix(void)
{
	enum family family = random_family();
	unsigned int width = family_width(family);
	struct prefix prefix = {.family = (uint8_t)family, .address = random_address(family)};

	prefix.len = (uint8_t)(chance(50) ? width - below(5) : below(width + 1));
	for (unsigned int bit = prefix.len; bit < width; bit++)
		prefix.address.v6[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return prefix;
}

static struct range
random_range(uint16_t (*value)(void))
{
	uint16_t a = value(), b = chance(60) ? a : value();

	if (a > b && chance(95)) // the wrong way round a range is empty
		return (struct range){b, a};
	return (struct range){a, b};
}

static uint16_t
random_icmp_wide(void)
{
	return chance(5) ? 300 : random_icmp();
}

// Most lists have one element: their lengths multiply, and rte_acl builds what comes of it.
static unsigned int
random_len(void)
{
	return chance(75) ? 1 : 2 + below(3);
}

static struct range *
random_ranges(uint16_t (*value)(void), unsigned int *n)
{
	struct range *ranges;

	*n = random_len();
	ranges = calloc(*n, sizeof(*ranges));
	assert_non_null(ranges);
	for (unsigned int i = 0; i < *n; i++)
		ranges[i] = random_range(value);
	return ranges;
}

static struct prefix *
random_prefixes(unsigned int *n)
{
	struct prefix *prefixes;

	*n = random_len();
	prefixes = calloc(*n, sizeof(*prefixes));
	assert_non_null(prefixes);
	for (unsigned int i = 0; i < *n; i++)
		prefixes[i] = random_prefix();
	return prefixes;
}

static uint8_t *
random_protos(unsigned int *n)
{
	uint8_t *protos;

	*n = random_len();
	protos = calloc(*n, sizeof(*protos));
	assert_non_null(protos);
	for (unsigned int i = 0; i < *n; i++)
		protos[i] = random_proto();
	return protos;
}

// Each key is there with the chance given, in percent.
static struct match
random_match(unsigned int keys)
{
	struct match match = {0};

	if (chance(keys))
		match.in_ports = (uint32_t)few_bits();
	if (chance(keys))
		match.out_ports = ~(uint32_t)few_bits();
	if (chance(keys))
		match.families = (uint8_t)below(4);
	if (chance(keys))
		match.classes = (uint8_t)below(1u << CLASS_COUNT);
	if (chance(keys))
		match.dirs = (uint8_t)below(8);
	if (chance(keys / 2))
		match.helper = (uint8_t)below(3);
	if (chance(keys / 2)) {
		match.tcp_flags_mask = (uint8_t)few_bits();
		match.tcp_flags = (uint8_t)few_bits();
	}
	if (chance(keys / 2)) {
		match.has_zone = true;
		match.zone = (uint16_t)below(3);
	}
	if (chance(keys / 2))
		match.mark = (struct masked){below(8), below(4)};
	if (chance(keys))
		match.protos = random_protos(&match.n_protos);
	if (chance(keys))
		match.src = random_prefixes(&match.n_src);
	if (chance(keys))
		match.dst = random_prefixes(&match.n_dst);
	if (chance(keys))
		match.sport = random_ranges(random_port, &match.n_sport);
	if (chance(keys))
		match.dport = random_ranges(random_port, &match.n_dport);
	if (chance(keys / 3))
		match.icmp_type = random_ranges(random_icmp_wide, &match.n_icmp_type);
	if (chance(keys / 3))
		match.icmp_code = random_ranges(random_icmp_wide, &match.n_icmp_code);
	return match;
}

static struct rule
random_rule(unsigned int keys, unsigned int without_action)
{
	struct rule rule = {.match = random_match(keys)};

	if (!chance(without_action))
		rule.action = (enum action)(ACTION_ACCEPT + below(4));
	if (rule.action == ACTION_NONE || chance(20)) {
		if (chance(40))
			rule.set_mark = (struct masked){below(16), below(16)};
		rule.has_set_zone = chance(30);
		rule.set_zone = (uint16_t)below(3);
		rule.set_helper = chance(30) ? (uint8_t)(1 + below(3)) : 0;
	}
	return rule;
}

// A few chains of 1 to N_RULES_MAX rules together.
static unsigned int
random_chains(struct chain chains[N_CHAINS_MAX])
{
	unsigned int n_chains = 1 + below(N_CHAINS_MAX), left = 1 + below(1 + below(N_RULES_MAX));

	for (unsigned int i = 0; i < n_chains; i++) {
		unsigned int n = i + 1 < n_chains ? below(left + 1) : left;
		unsigned int keys = 10 + below(40), without_action = below(101);

		left -= n;
		chains[i] = (struct chain){
			.name = strdup("random"),
			.policy = chance(50) ? ACTION_ACCEPT : ACTION_DROP,
			.n_rules = n,
			.rules = calloc(n + 1, sizeof(struct rule)),
		};
		assert_non_null(chains[i].rules);
		for (unsigned int k = 0; k < n; k++)
			chains[i].rules[k] = random_rule(keys, without_action);
	}
	return n_chains;
}

static struct pkt
random_pkt(void)
{
	static const uint8_t ports[] = {0, 1, 2, 7, 8, 16, 30, 31, PORT_NONE};
	enum family family = random_family();
	struct pkt pkt = {
		.in_port = PICK(ports),
		.out_port = PICK(ports),
		.family = (uint8_t)family,
		.l3_len = below(1500),
		.icmp_type = random_icmp(),
		.icmp_code = random_icmp(),
		.tcp_flags = (uint8_t)random_bits(),
		.has_tuple = chance(90),
		.has_ports = chance(80),
		.class = (uint8_t)below(CLASS_COUNT),
		.dir = (uint8_t)below(DIR_COUNT + 1),
		.helper = (uint8_t)below(3),
		.mark = below(8),
		.chain = PORT_NONE,
		.rule = RULE_NONE,
	};

	pkt.tuple = (struct tuple){
		.src = random_address(family),
		.dst = random_address(family),
		.src_field = random_port(),
		.dst_field = random_port(),
		.zone = (uint16_t)below(3),
		.proto = random_proto(),
		.family = (uint8_t)family,
	};
	return pkt;
}

// ---- The matcher to compare with, from what rules.h says.

static bool
want_bit(uint64_t set, unsigned int bit)
{
	return set == 0 || (bit < 64 && (set & UINT64_C(1) << bit) != 0);
}

static bool
want_proto(const struct match *match, uint8_t proto)
{
	bool found = match->n_protos == 0;

	for (unsigned int i = 0; i < match->n_protos; i++)
		found |= match->protos[i] == proto;
	return found;
}

static bool
want_range(const struct range *ranges, unsigned int n, unsigned int value)
{
	bool found = n == 0;

	for (unsigned int i = 0; i < n; i++)
		found |= value >= ranges[i].low && value <= ranges[i].high;
	return found;
}

// Bit by bit, from the front.
static bool
want_prefix(const struct prefix *prefixes, unsigned int n, uint8_t family,
	    const union address *address)
{
	bool found = n == 0;

	for (unsigned int i = 0; i < n; i++) {
		bool is_equal = prefixes[i].family == family;

		for (unsigned int bit = 0; is_equal && bit < prefixes[i].len; bit++) {
			unsigned int shift = 7 - bit % 8;

			is_equal = (prefixes[i].address.v6[bit / 8] >> shift & 1) ==
				   (address->v6[bit / 8] >> shift & 1);
		}
		found |= is_equal;
	}
	return found;
}

static bool
want_match(const struct match *match, const struct pkt *pkt)
{
	const struct tuple *tuple = &pkt->tuple;
	bool is_v4 = pkt->family == FAMILY_IPV4;
	bool is_icmp = pkt->has_tuple && tuple->proto == (is_v4 ? 1 : 58);
	bool is_tcp = pkt->has_ports && tuple->proto == 6;
	bool asks_ports = match->n_sport > 0 || match->n_dport > 0;
	bool asks_icmp = match->n_icmp_type > 0 || match->n_icmp_code > 0;

	if (asks_ports && !pkt->has_ports)
		return false;
	if (asks_icmp && !is_icmp)
		return false;
	if (match->tcp_flags_mask != 0 && !is_tcp)
		return false;
	return want_bit(match->in_ports, pkt->in_port) &&
	       want_bit(match->out_ports, pkt->out_port) &&
	       want_bit(match->families, is_v4 ? 0 : 1) && want_bit(match->classes, pkt->class) &&
	       want_bit(match->dirs, pkt->dir) &&
	       (match->helper == 0 || pkt->helper == match->helper) &&
	       (pkt->tcp_flags & match->tcp_flags_mask) ==
		       (match->tcp_flags & match->tcp_flags_mask) &&
	       (!match->has_zone || tuple->zone == match->zone) &&
	       (pkt->mark & match->mark.mask) == (match->mark.value & match->mark.mask) &&
	       want_proto(match, tuple->proto) &&
	       want_prefix(match->src, match->n_src, pkt->family, &tuple->src) &&
	       want_prefix(match->dst, match->n_dst, pkt->family, &tuple->dst) &&
	       want_range(match->sport, match->n_sport, tuple->src_field) &&
	       want_range(match->dport, match->n_dport, tuple->dst_field) &&
	       want_range(match->icmp_type, match->n_icmp_type, pkt->icmp_type) &&
	       want_range(match->icmp_code, match->n_icmp_code, pkt->icmp_code);
}

static void
want_counted(struct rule_counter counters[], uint32_t number, struct pkt *pkt)
{
	counters[number].packets += 1;
	counters[number].bytes += pkt->l3_len;
	if (pkt->n_trail >= TRAIL_MAX) {
		pkt->n_trail = TRAIL_MAX + 1;
		return;
	}
	pkt->trail[pkt->n_trail] = number;
	pkt->n_trail++;
}

// What a matching rule does; true when it ends the chain.
static bool
want_applied(const struct rule *rule, struct pkt *pkt)
{
	pkt->mark &= ~rule->set_mark.mask;
	pkt->mark |= rule->set_mark.value & rule->set_mark.mask;
	pkt->tuple.zone = rule->has_set_zone ? rule->set_zone : pkt->tuple.zone;
	pkt->set_helper = rule->set_helper != 0 ? rule->set_helper : pkt->set_helper;
	switch (rule->action) {
	case ACTION_NONE:
		return false;
	case ACTION_ACCEPT:
		return true;
	case ACTION_DROP:
		pkt->verdict = VERDICT_DROP;
		return true;
	case ACTION_REJECT:
		pkt->verdict = VERDICT_REJECT;
		return true;
	case ACTION_NOTRACK:
		pkt->is_notrack = true;
		return true;
	}
	return true;
}

// One packet through one chain. Returns how many rules it was compared with.
static unsigned int
want_judged(const struct chain *chain, uint8_t number, unsigned int first, struct pkt *pkt,
	    struct rule_counter counters[], uint32_t policy)
{
	for (unsigned int i = 0; i < chain->n_rules; i++) {
		if (!want_match(&chain->rules[i].match, pkt))
			continue;
		want_counted(counters, first + i, pkt);
		if (want_applied(&chain->rules[i], pkt)) {
			pkt->reason = REASON_RULE;
			pkt->chain = number;
			pkt->rule = first + i;
			return i + 1;
		}
	}
	want_counted(counters, policy, pkt);
	if (chain->policy == ACTION_DROP || pkt->rule == RULE_NONE) {
		pkt->verdict = chain->policy == ACTION_DROP ? VERDICT_DROP : VERDICT_PENDING;
		pkt->reason = REASON_DEFAULT;
		pkt->chain = number;
		pkt->rule = RULE_NONE;
	}
	return chain->n_rules;
}

// ---- The comparison.

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

// A burst through all chains; what a chain refuses does not reach the next one. Returns how many
// rules were compared with a packet.
static unsigned int
check_burst(const struct ruleset *ruleset, const struct chain chains[], unsigned int n_chains,
	    struct rule_counter got[], struct rule_counter want[])
{
	struct pkt pkts[64], wanted[64], *live[64];
	uint16_t n = (uint16_t)(1 + below(64)), n_live = 0;
	unsigned int n_compared = 0, first = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct pkt pkt = random_pkt();

		memcpy(&pkts[i], &pkt, sizeof(pkt));
		memcpy(&wanted[i], &pkt, sizeof(pkt));
	}
	for (unsigned int c = 0; c < n_chains; c++) {
		n_live = 0;
		for (uint16_t i = 0; i < n; i++) {
			if (wanted[i].verdict == VERDICT_PENDING)
				live[n_live++] = &pkts[i];
		}
		ruleset_eval_burst(ruleset, c, live, n_live, got);
		for (uint16_t i = 0; i < n; i++) {
			if (wanted[i].verdict == VERDICT_PENDING)
				n_compared += want_judged(&chains[c], (uint8_t)c, first, &wanted[i],
							  want, ruleset_n_rules(ruleset) + c);
			check_pkt(&pkts[i], &wanted[i], c);
		}
		first += chains[c].n_rules;
	}
	return n_compared;
}

static unsigned int
check_ruleset(void)
{
	struct rule_counter got[N_RULES_MAX + N_CHAINS_MAX] = {0};
	struct rule_counter want[N_RULES_MAX + N_CHAINS_MAX] = {0};
	struct chain chains[N_CHAINS_MAX];
	unsigned int n_chains = random_chains(chains), n_compared = 0;
	struct ruleset *ruleset = fixture_compile(chains, n_chains);

	for (unsigned int i = 0; i < N_BURSTS; i++)
		n_compared += check_burst(ruleset, chains, n_chains, got, want);
	for (unsigned int i = 0; i < ruleset_n_counters(ruleset); i++) {
		if (got[i].packets != want[i].packets || got[i].bytes != want[i].bytes)
			fail_msg("seed %" PRIu64 ", ruleset %u: counter %u is %" PRIu64
				 ", expected %" PRIu64,
				 seed, ruleset_number, i, got[i].packets, want[i].packets);
	}
	ruleset_destroy(ruleset);
	for (unsigned int i = 0; i < n_chains; i++)
		chain_fini(&chains[i]);
	return n_compared;
}

static void
random_rulesets_judge_as_rule_by_rule(void **state)
{
	const char *text = getenv("SALLYPORT_TEST_SEED");
	uint64_t n_compared = 0;

	(void)state;
	seed = text == NULL ? 1 : strtoull(text, NULL, 0);
	for (ruleset_number = 0; ruleset_number < N_RULESETS; ruleset_number++) {
		random_state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) + ruleset_number;
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
