// SPDX-License-Identifier: BSD-3-Clause
//
// What modules say that they reserve is what EAL's heap has less of when they have reserved it: no
// less, and not much more.
#include "sizing/footprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_lcore.h>

#include "base/bytes.h"
#include "conntrack/conntrack.h"
#include "frag/frag.h"
#include "pipeline/pipeline.h"
#include "pipeline/steer.h"

#define MIB        (UINT64_C(1) << 20)
#define STEER_RING 4096

static struct hash_secret secret;

static int
start_eal(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "footprint";
	char *argv[] = {
		(char *)"test",        (char *)"--no-huge",      (char *)"--no-pci",
		(char *)"--no-shconf", (char *)"--no-telemetry", (char *)"--log-level=error",
		(char *)"-m",          (char *)"1024",
	};

	(void)state;
	hash_secret_init(&secret, seed);
	return rte_eal_init((int)RTE_DIM(argv), argv) < 0 ? -1 : 0;
}

static int
stop_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

// The two differ by a tenth and 64 KiB at most, to the safe side.
static void
assert_about(uint64_t said, uint64_t taken)
{
	assert_true(taken > 0);
	assert_true(said >= taken);
	assert_true(said <= taken + taken / 10 + 65536);
}

static void
check_shard(uint32_t max_connections, unsigned int n_workers)
{
	uint64_t before = bytes_taken();
	struct ct_params params;
	struct ct_config config = {
		.params = &params,
		.secret = &secret,
		.n_workers = n_workers,
		.socket = SOCKET_ID_ANY,
	};
	struct ct *ct;

	ct_params_init(&params);
	params.max_connections = max_connections;
	ct = ct_create(&config);
	assert_non_null(ct);
	assert_about(ct_bytes_for(&params, n_workers), bytes_taken() - before);
	ct_destroy(ct);
	assert_int_equal(bytes_taken(), before);
}

static void
shards(void **state)
{
	(void)state;
	check_shard(1, 1);
	check_shard(1024, 20);
	check_shard(100000, 1);
	check_shard(1048576, 3);
}

static void
check_store(uint32_t max_datagrams, uint32_t max_fragments)
{
	uint64_t before = bytes_taken();
	struct frag_params params;
	struct frag_config config = {
		.params = &params,
		.secret = &secret,
		.socket = SOCKET_ID_ANY,
	};
	struct frag_store *store;

	frag_params_init(&params);
	params.max_datagrams = max_datagrams;
	params.max_fragments = max_fragments;
	store = frag_create(&config);
	assert_non_null(store);
	assert_about(frag_bytes_for(&params), bytes_taken() - before);
	frag_destroy(store);
	assert_int_equal(bytes_taken(), before);
}

static void
fragments(void **state)
{
	(void)state;
	check_store(1, 2);
	check_store(1024, 8192);
	check_store(65536, 2);
	check_store(33, 100000);
}

static void
hand_off(void **state)
{
	uint64_t before = bytes_taken();
	struct steer *steer = steer_create(&secret, NULL, 20, STEER_RING);

	(void)state;
	assert_non_null(steer);
	assert_about(steer_bytes_for(20, STEER_RING), bytes_taken() - before);
	steer_destroy(steer);
}

// A chain of n rules, each of which has m ports that do not touch.
static void
fill_config(struct config *config, struct rule rules[], unsigned int n, struct range ports[],
	    unsigned int m)
{
	*config = (struct config){
		.file = (char *)"test.conf",
		.n_ports = 2,
		.n_wires = 1,
		.wires = {{0, 1, false}},
		.workers = 1,
		.n_chains = 1,
	};
	frag_params_init(&config->fragments);
	ct_params_init(&config->conntrack);
	for (unsigned int i = 0; i < m; i++)
		ports[i] = (struct range){(uint16_t)(3 * i), (uint16_t)(3 * i + 1)};
	for (unsigned int i = 0; i < n; i++)
		rules[i] = (struct rule){
			.action = ACTION_ACCEPT,
			.match = {.n_sport = m, .sport = ports, .n_dport = m, .dport = ports},
		};
	config->chains[0] = (struct chain){.n_rules = n, .rules = rules};
}

static struct rule many_rules[1000];
static struct range many_ports[100];

static void
pipelines_and_rules(void **state)
{
	static const struct {
		unsigned int n, m;
	} cases[] = {{0, 0}, {1, 1}, {1000, 1}, {1, 100}, {3, 50}};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		uint64_t before = bytes_taken(), rules_bytes;
		struct pipeline_config pipeline_config = {.secret = &secret,
							  .socket = SOCKET_ID_ANY};
		struct pipeline *pipeline;
		struct snapshot *snapshot;
		struct ruleset_size size;
		struct config config;
		struct errors errors;

		errors_init(&errors);
		fill_config(&config, many_rules, cases[i].n, many_ports, cases[i].m);
		assert_true(ruleset_measure(config.chains, 1, config.file, &size, &errors));
		// Each of IPv4 and IPv6 has all combinations of two lists.
		assert_int_equal(size.n_entries,
				 2 * cases[i].n * RTE_MAX(cases[i].m * cases[i].m, 1u));
		assert_int_equal(size.n_rules, cases[i].n);
		snapshot = snapshot_create(&config, 1, &errors);
		assert_non_null(snapshot);
		rules_bytes = bytes_taken() - before;
		assert_true(size.bytes_least <= rules_bytes);
		assert_true(rules_bytes <= size.bytes_most);
		pipeline_config.snapshot = snapshot;
		pipeline = pipeline_create(&pipeline_config);
		assert_non_null(pipeline);
		assert_int_equal(size.n_counters, ruleset_n_counters(snapshot->ruleset));
		assert_about(pipeline_bytes_for(&config.fragments, size.n_counters),
			     bytes_taken() - before - rules_bytes);
		pipeline_destroy(pipeline);
		snapshot_destroy(snapshot);
		errors_fini(&errors);
		assert_int_equal(bytes_taken(), before);
	}
}

static void
lists_that_multiply_are_too_many(void **state)
{
	struct ruleset_size size;
	struct config config;
	struct errors errors;

	(void)state;
	errors_init(&errors);
	fill_config(&config, many_rules, 1, many_ports, 100);
	many_rules[0].match.icmp_type = many_ports; // 100 more, of which 86 lie below 256
	many_rules[0].match.n_icmp_type = 100;
	assert_true(ruleset_measure(config.chains, 1, config.file, &size, &errors));
	assert_int_equal(size.n_entries, 2 * 100 * 100 * 86);
	many_rules[0].match.icmp_code = many_ports;
	many_rules[0].match.n_icmp_code = 100;
	assert_false(ruleset_measure(config.chains, 1, config.file, &size, &errors));
	assert_int_equal(errors.count, 2);
	errors_fini(&errors);
}

static void
sums(void **state)
{
	struct footprint footprint = {
		.connections = 100 * MIB,
		.packets = 20 * MIB,
		.fragments = 3 * MIB,
		.rules = 6 * MIB,
		.others = 1,
		.rules_most = 50 * MIB,
		.plans = 2 * MIB,
	};
	const struct config config = {.file = (char *)"test.conf"};
	char text[FOOTPRINT_TEXT_SIZE];
	struct errors errors;

	(void)state;
	errors_init(&errors);
	assert_int_equal(footprint_total(&footprint), 129 * MIB + 1);
	assert_int_equal(footprint_reserve(&footprint, 2), 227 * MIB + 1);
	footprint_set_rules(&footprint, 10 * MIB);
	assert_int_equal(footprint_total(&footprint), 135 * MIB + 1);
	footprint_format(&footprint, text);
	assert_string_equal(text, "136 MiB of memory: 100 for connections, 20 for packets, 3 for "
				  "fragments, 12 for rules, 1 for all else");
	assert_true(footprint_fits(&footprint, &config, 135 * MIB + 1, &errors));
	assert_int_equal(errors.count, 0);
	assert_false(footprint_fits(&footprint, &config, 135 * MIB, &errors));
	assert_int_equal(errors.count, 1);
	errors_fini(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shards),
		cmocka_unit_test(fragments),
		cmocka_unit_test(hand_off),
		cmocka_unit_test(pipelines_and_rules),
		cmocka_unit_test(lists_that_multiply_are_too_many),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests_name("footprint", tests, start_eal, stop_eal);
}
