// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_eal.h>

int
fixture_eal(void **state)
{
	const char *bits = getenv("SALLYPORT_TEST_SIMD");
	char simd[64];
	char *argv[] = {
		(char *)"test",
		(char *)"--no-huge",
		(char *)"--no-pci",
		(char *)"--no-shconf",
		(char *)"--no-telemetry",
		(char *)"-m",
		(char *)"64",
		simd,
	};

	(void)state;
	snprintf(simd, sizeof(simd), "--force-max-simd-bitwidth=%s", bits == NULL ? "256" : bits);
	return rte_eal_init((int)RTE_DIM(argv), argv) < 0 ? -1 : 0;
}

union address
fixture_host(enum family family, uint32_t n)
{
	union address address = {0};

	if (family == FAMILY_IPV4) {
		address.v4 = rte_cpu_to_be_32(UINT32_C(0x0a000000) | (n & 0xffffff));
		return address;
	}
	address.v6[0] = 0x20;
	address.v6[1] = 0x01;
	address.v6[2] = 0x0d;
	address.v6[3] = 0xb8;
	for (unsigned int i = 0; i < 4; i++)
		address.v6[15 - i] = (uint8_t)(n >> 8 * i);
	return address;
}

struct pkt
fixture_pkt(enum family family)
{
	return (struct pkt){
		.in_port = 0,
		.out_port = 1,
		.family = (uint8_t)family,
		.l3_len = 100,
		.tcp_flags = 0x02,
		.has_tuple = true,
		.has_ports = true,
		.tuple =
			{
				.src = fixture_host(family, 1),
				.dst = fixture_host(family, 2),
				.src_field = 1025,
				.dst_field = 80,
				.proto = PROTO_TCP,
				.family = (uint8_t)family,
			},
		.class = CLASS_NEW,
		.dir = DIR_ORIG,
		.verdict = VERDICT_PENDING,
		.chain = PORT_NONE,
		.rule = RULE_NONE,
	};
}

struct chain
fixture_chain(struct rule rules[], unsigned int n_rules, enum action policy)
{
	return (struct chain){
		.name = (char *)"filter", .policy = policy, .n_rules = n_rules, .rules = rules};
}

struct ruleset *
fixture_compile(const struct chain chains[], unsigned int n_chains)
{
	static uint32_t id;
	struct errors errors;
	struct ruleset *ruleset;

	errors_init(&errors);
	ruleset = ruleset_compile(chains, n_chains, id++, "test.conf", &errors);
	errors_print(&errors, stderr);
	assert_int_equal(errors.count, 0);
	errors_fini(&errors);
	assert_non_null(ruleset);
	return ruleset;
}

void
fixture_judge(const struct chain *chain, struct pkt *pkt, struct rule_counter counters[])
{
	struct ruleset *ruleset = fixture_compile(chain, 1);

	memset(counters, 0, ruleset_n_counters(ruleset) * sizeof(counters[0]));
	ruleset_eval_burst(ruleset, 0, &pkt, 1, counters);
	ruleset_destroy(ruleset);
}
