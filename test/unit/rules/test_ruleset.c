// SPDX-License-Identifier: BSD-3-Clause
//
// Compiled rulesets: which rule answers, what the answer looks like, what it counts, and what is
// refused. The keys of a match have tests of their own (test_match.c).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rules/compiled.h"

static void
first_rule_with_an_action_wins(void **state)
{
	struct rule rules[3] = {
		{.action = ACTION_REJECT, .match = {.classes = 1u << CLASS_INVALID}},
		{.action = ACTION_DROP, .match = {.in_ports = 1}},
		{.action = ACTION_ACCEPT},
	};
	struct chain chain = fixture_chain(rules, 3, ACTION_ACCEPT);
	struct pkt pkt = fixture_pkt(FAMILY_IPV6);
	struct rule_counter counters[4];

	(void)state;
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(pkt.verdict, VERDICT_DROP);
	assert_int_equal(pkt.reason, REASON_RULE);
	assert_int_equal(pkt.chain, 0);
	assert_int_equal(pkt.rule, 1);
	assert_int_equal(counters[0].packets, 0);
	assert_int_equal(counters[1].packets, 1);
	assert_int_equal(counters[1].bytes, 100);
	assert_int_equal(counters[2].packets, 0);
	assert_int_equal(counters[3].packets, 0);
}

// The statement of rule 0 makes rule 1 match, which rte_acl cannot know; rule 3 is never reached.
static void
statements_act_before_the_rules_behind_them(void **state)
{
	struct rule rules[4] = {
		{.set_mark = {0xffff0005, 0xff},
		 .has_set_zone = true,
		 .set_zone = 7,
		 .set_helper = 2},
		{.action = ACTION_REJECT,
		 .match = {.has_zone = true, .zone = 7, .mark = {0x1205, UINT32_MAX}}},
		{.action = ACTION_ACCEPT},
		{.set_mark = {1, UINT32_MAX}},
	};
	struct chain chain = fixture_chain(rules, 4, ACTION_DROP);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[5];

	(void)state;
	pkt.mark = 0x1234;
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(pkt.verdict, VERDICT_REJECT);
	assert_int_equal(pkt.reason, REASON_RULE);
	assert_int_equal(pkt.rule, 1);
	assert_int_equal(pkt.mark, 0x1205);
	assert_int_equal(pkt.tuple.zone, 7);
	assert_int_equal(pkt.set_helper, 2);
	assert_int_equal(counters[0].packets, 1);
	assert_int_equal(counters[1].packets, 1);
	assert_int_equal(counters[2].packets, 0);
	assert_int_equal(counters[3].packets, 0);
}

static void
rule_with_action_applies_its_statements_too(void **state)
{
	struct rule rule = {.action = ACTION_ACCEPT, .set_mark = {6, 0xf}, .set_helper = 1};
	struct chain chain = fixture_chain(&rule, 1, ACTION_DROP);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[2];

	(void)state;
	pkt.mark = 0xff;
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
	assert_int_equal(pkt.mark, 0xf6);
	assert_int_equal(pkt.set_helper, 1);
	assert_int_equal(counters[0].packets, 1);
}

static void
policy_answers_when_no_rule_does(void **state)
{
	struct chain chain = fixture_chain(NULL, 0, ACTION_DROP);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[1];

	(void)state;
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(pkt.verdict, VERDICT_DROP);
	assert_int_equal(pkt.reason, REASON_DEFAULT);
	assert_int_equal(pkt.chain, 0);
	assert_true(pkt.rule == RULE_NONE);
	assert_int_equal(counters[0].packets, 1);
	assert_int_equal(counters[0].bytes, 100);
}

// Accept and notrack end their own chain only, and a rule's name outlives an accepting policy.
static void
accept_ends_one_chain_only(void **state)
{
	struct rule raw[] = {{.action = ACTION_NOTRACK}, {.action = ACTION_DROP}};
	struct rule filter[] = {{.action = ACTION_ACCEPT}};
	struct rule late[] = {{.action = ACTION_DROP, .match = {.in_ports = 2}}};
	struct chain chains[] = {
		fixture_chain(raw, 2, ACTION_DROP),
		fixture_chain(filter, 1, ACTION_DROP),
		fixture_chain(late, 1, ACTION_ACCEPT),
		fixture_chain(late, 1, ACTION_DROP),
	};
	struct ruleset *ruleset = fixture_compile(chains, RTE_DIM(chains));
	struct pkt pkt = fixture_pkt(FAMILY_IPV6), *pkts = &pkt;
	struct rule_counter counters[9] = {0};

	(void)state;
	ruleset_eval_burst(ruleset, 0, &pkts, 1, counters);
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
	assert_true(pkt.is_notrack);
	assert_int_equal(pkt.rule, 0);
	ruleset_eval_burst(ruleset, 1, &pkts, 1, counters);
	ruleset_eval_burst(ruleset, 2, &pkts, 1, counters);
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
	assert_int_equal(pkt.reason, REASON_RULE);
	assert_int_equal(pkt.chain, 1);
	assert_int_equal(pkt.rule, 2);
	assert_int_equal(counters[5 + 2].packets, 1);
	ruleset_eval_burst(ruleset, 3, &pkts, 1, counters);
	assert_int_equal(pkt.verdict, VERDICT_DROP);
	assert_int_equal(pkt.reason, REASON_DEFAULT);
	assert_int_equal(pkt.chain, 3);
	assert_true(pkt.rule == RULE_NONE);
	ruleset_destroy(ruleset);
}

static void
accepting_policy_is_named_when_no_rule_decided(void **state)
{
	struct chain chain = fixture_chain(NULL, 0, ACTION_ACCEPT);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[1];

	(void)state;
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
	assert_int_equal(pkt.reason, REASON_DEFAULT);
	assert_int_equal(pkt.chain, 0);
	assert_true(pkt.rule == RULE_NONE);
}

static void
ruleset_tells_what_it_was_made_from(void **state)
{
	struct rule raw[] = {{.name = (char *)"skip", .line = 11, .action = ACTION_NOTRACK}};
	struct rule filter[] = {
		{.line = 21, .action = ACTION_NONE},
		{.name = (char *)"web", .file = "f", .line = 22, .action = ACTION_REJECT}};
	struct chain chains[] = {
		{.name = (char *)"raw",
		 .priority = -300,
		 .policy = ACTION_ACCEPT,
		 .n_rules = 1,
		 .rules = raw},
		{.name = (char *)"empty", .priority = -1, .policy = ACTION_ACCEPT},
		{.name = (char *)"filter",
		 .priority = 0,
		 .policy = ACTION_DROP,
		 .n_rules = 2,
		 .rules = filter},
	};
	struct ruleset *ruleset = fixture_compile(chains, RTE_DIM(chains));

	(void)state;
	assert_int_equal(ruleset_n_chains(ruleset), 3);
	assert_int_equal(ruleset_n_rules(ruleset), 3);
	assert_int_equal(ruleset_n_counters(ruleset), 6);
	assert_int_equal(ruleset_chain_priority(ruleset, 0), -300);
	assert_string_equal(ruleset_chain_name(ruleset, 2), "filter");
	assert_int_equal(ruleset_chain_policy(ruleset, 2), ACTION_DROP);
	assert_int_equal(ruleset_chain_first(ruleset, 1), 1);
	assert_int_equal(ruleset_chain_n_rules(ruleset, 1), 0);
	assert_int_equal(ruleset_chain_first(ruleset, 2), 1);
	assert_int_equal(ruleset_chain_n_rules(ruleset, 2), 2);
	assert_string_equal(ruleset_rule_name(ruleset, 0), "skip");
	assert_null(ruleset_rule_name(ruleset, 1));
	assert_int_equal(ruleset_rule_line(ruleset, 2), 22);
	assert_string_equal(ruleset_rule_file(ruleset, 2), "f");
	assert_null(ruleset_rule_file(ruleset, 1));
	assert_int_equal(ruleset_rule_action(ruleset, 2), ACTION_REJECT);
	ruleset_destroy(ruleset);
	ruleset_destroy(NULL);
}

// One packet more or less in the same burst changes nothing: families are told apart, and answers
// go back to the packets they belong to.
static void
burst_of_both_families_keeps_its_order(void **state)
{
	struct rule rules[] = {
		{.action = ACTION_REJECT, .match = {.families = 2, .in_ports = 1u << 3}},
		{.action = ACTION_DROP, .match = {.families = 1, .in_ports = 1u << 3}},
	};
	struct chain chain = fixture_chain(rules, 2, ACTION_ACCEPT);
	struct ruleset *ruleset = fixture_compile(&chain, 1);
	struct rule_counter counters[3] = {0};
	struct pkt pkt[64], *pkts[64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		pkt[i] = fixture_pkt(i % 3 == 0 ? FAMILY_IPV6 : FAMILY_IPV4);
		pkt[i].in_port = i % 5 == 0 ? 3 : 0;
		pkts[i] = &pkt[i];
	}
	ruleset_eval_burst(ruleset, 0, pkts, 0, counters);
	ruleset_eval_burst(ruleset, 0, pkts, 64, counters);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(pkt[i].verdict, i % 5 != 0   ? VERDICT_PENDING
						 : i % 3 == 0 ? VERDICT_REJECT
							      : VERDICT_DROP);
	assert_int_equal(counters[0].packets, 5);  // 0, 15, 30, 45, 60
	assert_int_equal(counters[1].packets, 8);  // the other multiples of 5
	assert_int_equal(counters[2].packets, 51); // everything else
	ruleset_destroy(ruleset);
}

// Two rulesets live side by side while the workers change from one to the next.
static void
two_rulesets_live_at_the_same_time(void **state)
{
	struct rule rule = {.action = ACTION_DROP, .match = {.in_ports = 1}};
	struct chain old = fixture_chain(&rule, 1, ACTION_ACCEPT);
	struct ruleset *first = fixture_compile(&old, 1), *second;
	struct pkt a = fixture_pkt(FAMILY_IPV4), b = a, *pkt_a = &a, *pkt_b = &b;
	struct rule_counter counters[2] = {0};

	(void)state;
	rule.action = ACTION_REJECT;
	second = fixture_compile(&old, 1);
	ruleset_eval_burst(first, 0, &pkt_a, 1, counters);
	ruleset_destroy(first);
	ruleset_eval_burst(second, 0, &pkt_b, 1, counters);
	ruleset_destroy(second);
	assert_int_equal(a.verdict, VERDICT_DROP);
	assert_int_equal(b.verdict, VERDICT_REJECT);
}

// Compiles chains that must be refused, with these lines on the error output.
static void
check_refused(const struct chain chains[], unsigned int n_chains, uint32_t id, const char *want)
{
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct errors errors;

	assert_non_null(out);
	errors_init(&errors);
	assert_null(ruleset_compile(chains, n_chains, id, "test.conf", &errors));
	errors_print(&errors, out);
	errors_fini(&errors);
	fclose(out);
	assert_string_equal(text, want);
}

// 1001 ports that do not touch, times 1000: more than a million.
static void
rule_of_too_many_combinations_is_refused(void **state)
{
	static struct range odd[1001], even[1000];
	struct rule rules[] = {
		{.name = (char *)"large",
		 .line = 12,
		 .action = ACTION_ACCEPT,
		 .match = {.families = 1,
			   .sport = odd,
			   .n_sport = 1001,
			   .dport = even,
			   .n_dport = 1000}},
		{.name = (char *)"listed",
		 .line = 13,
		 .match = {.families = 1,
			   .sport = odd,
			   .n_sport = 1001,
			   .dport = even,
			   .n_dport = 1000}},
		{.name = (char *)"too",
		 .file = "included",
		 .line = 14,
		 .action = ACTION_DROP,
		 .match = {.families = 2,
			   .sport = even,
			   .n_sport = 1000,
			   .dport = odd,
			   .n_dport = 1001}},
	};
	struct chain chain = fixture_chain(rules, RTE_DIM(rules), ACTION_ACCEPT);

	(void)state;
	for (uint16_t i = 0; i < 1001; i++)
		odd[i] = (struct range){2 * i + 1, 2 * i + 1};
	for (uint16_t i = 0; i < 1000; i++)
		even[i] = (struct range){2 * i, 2 * i};
	check_refused(
		&chain, 1, 1000,
		"included:14: rule \"too\": its lists make more than 1000000 combinations for "
		"IPv6\n"
		"test.conf:12: rule \"large\": its lists make more than 1000000 combinations for "
		"IPv4\n");
}

// Ranges that touch or overlap are one range, so this is no large rule.
static void
ranges_that_touch_are_joined(void **state)
{
	static struct range all[2000];
	struct rule rule = {
		.action = ACTION_ACCEPT,
		.match = {.sport = all, .n_sport = 2000, .dport = all, .n_dport = 2000}};
	struct chain chain = fixture_chain(&rule, 1, ACTION_DROP);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[2];

	(void)state;
	for (uint16_t i = 0; i < 2000; i++)
		all[i] = (struct range){1999 - i, 2000 - i};
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(counters[0].packets, 1);
}

static void
rules_beyond_the_limit_are_refused(void **state)
{
	static struct rule rules[RULES_MAX + 1];
	struct chain chains[CHAINS_MAX + 1] = {0};

	(void)state;
	chains[0] = fixture_chain(rules, RULES_MAX, ACTION_ACCEPT);
	chains[1] = fixture_chain(rules, 1, ACTION_ACCEPT);
	check_refused(chains, 2, 1001, "test.conf: more than 65534 rules\n");
	chains[0].n_rules = 0;
	check_refused(chains, CHAINS_MAX + 1, 1002, "test.conf: more than 64 chains\n");
}

// rte_acl would hand out the context of the ruleset that has the name already.
static void
id_in_use_is_refused(void **state)
{
	struct rule rule = {.name = (char *)"one",
			    .line = 5,
			    .action = ACTION_ACCEPT,
			    .match = {.families = 1}};
	struct chain chain = fixture_chain(&rule, 1, ACTION_DROP);
	struct ruleset *ruleset;
	struct errors errors;

	(void)state;
	errors_init(&errors);
	ruleset = ruleset_compile(&chain, 1, 1003, "test.conf", &errors);
	assert_non_null(ruleset);
	check_refused(&chain, 1, 1003,
		      "test.conf:5: rule \"one\": rte_acl cannot build its 1 combinations for "
		      "IPv4: File exists\n");
	ruleset_destroy(ruleset);
	errors_fini(&errors);
}

// An entry takes 224 bytes, and the tests have 64 MiB.
static void
rule_that_finds_no_memory_is_named(void **state)
{
	static struct range sport[1000], dport[700];
	struct rule rules[] = {
		{.name = (char *)"small",
		 .line = 7,
		 .action = ACTION_ACCEPT,
		 .match = {.in_ports = 1}},
		{.name = (char *)"huge",
		 .line = 8,
		 .action = ACTION_DROP,
		 .match = {.families = 1,
			   .n_sport = 1000,
			   .sport = sport,
			   .n_dport = 700,
			   .dport = dport}},
	};
	struct chain chain = fixture_chain(rules, 2, ACTION_ACCEPT);
	struct pkt pkt = fixture_pkt(FAMILY_IPV4);
	struct rule_counter counters[2];

	(void)state;
	for (uint16_t i = 0; i < 1000; i++)
		sport[i] = (struct range){2 * i, 2 * i};
	for (uint16_t i = 0; i < 700; i++)
		dport[i] = (struct range){2 * i, 2 * i};
	check_refused(
		&chain, 1, 1004,
		"test.conf:8: rule \"huge\": rte_acl cannot build its 700000 combinations for "
		"IPv4: Cannot allocate memory\n");
	chain.n_rules = 1; // nothing of the failure is left
	fixture_judge(&chain, &pkt, counters);
	assert_int_equal(counters[0].packets, 1);
}

#define N_MIXED 160 // in bursts of 40

static struct prefix
prefix_of(uint32_t address, unsigned int len)
{
	struct prefix prefix = {.family = FAMILY_IPV4, .len = (uint8_t)len};

	prefix.address.v4 = rte_cpu_to_be_32(len == 0 ? 0 : address & UINT32_MAX << (32 - len));
	return prefix;
}

// Rules whose values overlap in all keys at once, and for each a packet it matches.
static void
make_mixed(struct rule rules[N_MIXED], struct pkt pkts[N_MIXED])
{
	static struct range ports[N_MIXED][2];
	static struct prefix prefixes[N_MIXED][2];

	for (uint32_t i = 0; i < N_MIXED; i++) {
		uint32_t bits = (i + 1) * UINT32_C(0x9E3779B1);
		uint16_t sport = (uint16_t)(bits >> 17), dport = bits & 0x7fff;
		unsigned int in = bits >> 8 & 15, out = bits >> 13 & 15;

		ports[i][0] = (struct range){sport, (uint16_t)(sport + (bits >> 18))};
		ports[i][1] = (struct range){dport, (uint16_t)(dport + (bits >> 18))};
		prefixes[i][0] = prefix_of(bits, i % 2 == 0 ? 0 : 1 + bits % 9);
		prefixes[i][1] = prefix_of(bits * 7, i % 3 == 0 ? 0 : 1 + bits % 11);
		rules[i] = (struct rule){
			.action = ACTION_ACCEPT,
			.match = {.n_src = 1,
				  .src = &prefixes[i][0],
				  .n_dst = 1,
				  .dst = &prefixes[i][1],
				  .n_sport = 1,
				  .sport = &ports[i][0],
				  .n_dport = 1,
				  .dport = &ports[i][1],
				  .classes = (uint8_t)(1u << CLASS_NEW | (bits >> 5 & 0x3f)),
				  .in_ports = 0x15u << in,
				  .out_ports = 0x15u << out},
		};
		pkts[i] = fixture_pkt(FAMILY_IPV4);
		pkts[i].tuple.src = prefixes[i][0].address;
		pkts[i].tuple.dst = prefixes[i][1].address;
		pkts[i].tuple.src_field = sport;
		pkts[i].tuple.dst_field = dport;
		pkts[i].in_port = (uint8_t)in;
		pkts[i].out_port = (uint8_t)out;
	}
}

// The tries of such rules multiply beyond what rte_acl builds at once. The same rules with a mark
// that every packet has are compared one by one, and must answer the same.
static void
what_rte_acl_cannot_build_at_once_is_built_in_parts(void **state)
{
	static struct rule rules[N_MIXED];
	static struct pkt pkts[2][N_MIXED];
	struct chain chain = fixture_chain(rules, N_MIXED, ACTION_DROP);
	struct rule_counter counters[2][N_MIXED + 1] = {0};
	struct ruleset *rulesets[2];

	(void)state;
	make_mixed(rules, pkts[0]);
	memcpy(pkts[1], pkts[0], sizeof(pkts[1]));
	rulesets[0] = fixture_compile(&chain, 1);
	assert_true(rulesets[0]->chains[0].acl[0].n > 1);
	for (unsigned int i = 0; i < N_MIXED; i++)
		rules[i].match.mark.mask = UINT32_MAX;
	rulesets[1] = fixture_compile(&chain, 1);
	assert_int_equal(rulesets[1]->chains[0].acl[0].n, 0);
	for (unsigned int r = 0; r < 2; r++) {
		for (unsigned int i = 0; i < N_MIXED; i += 40) {
			struct pkt *burst[40];

			for (unsigned int k = 0; k < 40; k++)
				burst[k] = &pkts[r][(i + k) * 37 % N_MIXED]; // of all parts
			ruleset_eval_burst(rulesets[r], 0, burst, 40, counters[r]);
		}
		ruleset_destroy(rulesets[r]);
	}
	for (unsigned int i = 0; i < N_MIXED; i++) {
		assert_true(pkts[0][i].rule <= i);
		assert_int_equal(pkts[0][i].rule, pkts[1][i].rule);
	}
	assert_memory_equal(counters[0], counters[1], sizeof(counters[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_rule_with_an_action_wins),
		cmocka_unit_test(statements_act_before_the_rules_behind_them),
		cmocka_unit_test(rule_with_action_applies_its_statements_too),
		cmocka_unit_test(policy_answers_when_no_rule_does),
		cmocka_unit_test(accept_ends_one_chain_only),
		cmocka_unit_test(accepting_policy_is_named_when_no_rule_decided),
		cmocka_unit_test(ruleset_tells_what_it_was_made_from),
		cmocka_unit_test(burst_of_both_families_keeps_its_order),
		cmocka_unit_test(two_rulesets_live_at_the_same_time),
		cmocka_unit_test(rule_of_too_many_combinations_is_refused),
		cmocka_unit_test(ranges_that_touch_are_joined),
		cmocka_unit_test(rules_beyond_the_limit_are_refused),
		cmocka_unit_test(id_in_use_is_refused),
		cmocka_unit_test(rule_that_finds_no_memory_is_named),
		cmocka_unit_test(what_rte_acl_cannot_build_at_once_is_built_in_parts),
	};

	return cmocka_run_group_tests_name("ruleset", tests, fixture_eal, NULL);
}
