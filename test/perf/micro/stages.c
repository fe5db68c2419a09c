// SPDX-License-Identifier: BSD-3-Clause
#include "stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ip.h>

#include "packet/parse.h"

#define SCAN_BUDGET 8192
#define REAP_MAX    32

const char *const stage_names[STAGE_COUNT] = {
	[STAGE_PARSE] = "parse",       [STAGE_HASH] = "hash",       [STAGE_TRACK] = "track",
	[STAGE_CLASSIFY] = "classify", [STAGE_CONFIRM] = "confirm", [STAGE_RELEASE] = "release",
};

// Rules for single destinations that no flow has, and one that accepts everything else.
static void
fill_chain(struct chain *chain, struct prefix prefixes[])
{
	const unsigned int last = chain->n_rules - 1;

	for (unsigned int i = 0; i < last; i++) {
		struct rule *rule = &chain->rules[i];

		prefixes[i] = (struct prefix){.family = FAMILY_IPV4, .len = 32};
		prefixes[i].address.v4 = rte_cpu_to_be_32(RTE_IPV4(198, 18, 0, 0) + i);
		rule->match.dst = &prefixes[i];
		rule->match.n_dst = 1;
		rule->action = ACTION_DROP;
		rule->name = (char *)"other";
	}
	chain->rules[last].action = ACTION_ACCEPT;
	chain->rules[last].name = (char *)"all";
}

static struct snapshot *
compile(struct config *config, unsigned int n_rules)
{
	struct chain *chain = &config->chains[0];
	struct prefix *prefixes = calloc(n_rules, sizeof(*prefixes));
	struct snapshot *snapshot = NULL;
	struct errors errors;

	errors_init(&errors);
	*chain = (struct chain){
		.name = (char *)"filter",
		.policy = ACTION_DROP,
		.n_rules = n_rules,
		.rules = calloc(n_rules, sizeof(*chain->rules)),
	};
	if (chain->rules != NULL && prefixes != NULL) {
		fill_chain(chain, prefixes);
		snapshot = snapshot_create(config, 1, &errors);
		errors_print(&errors, stderr);
	}
	errors_fini(&errors);
	free(chain->rules);
	free(prefixes);
	config->n_chains = 0; // the snapshot has copied what it needs
	return snapshot;
}

int
stages_open(struct stages *stages, uint32_t capacity, unsigned int n_rules)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "microbenchmarks";
	struct engine_config config = {.secret = &stages->secret, .n_workers = 1};

	*stages = (struct stages){.config = {.n_chains = 1}};
	hash_secret_init(&stages->secret, seed);
	ct_params_init(&stages->config.conntrack);
	frag_params_init(&stages->config.fragments);
	stages->config.conntrack.max_connections = capacity;
	config.snapshot = compile(&stages->config, n_rules);
	stages->engine = config.snapshot == NULL ? NULL : engine_create(&config);
	if (stages->engine == NULL)
		return -1;
	stages->ct = engine_shard(stages->engine, 0);
	stages->ruleset = engine_snapshot(stages->engine)->ruleset;
	stages->counters = calloc(ruleset_n_counters(stages->ruleset), sizeof(*stages->counters));
	if (stages->counters != NULL)
		return 0;
	stages_close(stages);
	return -1;
}

void
stages_close(struct stages *stages)
{
	free(stages->counters);
	engine_destroy(stages->engine);
}

// Adds the cycles since *since to a stage, and sets *since to now.
static void
account(struct stage_cycles *cycles, enum micro_stage stage, uint64_t *since)
{
	uint64_t now = rte_rdtsc_precise();

	cycles->spent[stage] += now - *since;
	*since = now;
}

// Runs conntrack on as many packets from the front as it takes at once. Returns their number.
static uint16_t
run_pass(struct stages *stages, struct pkt *pkts[], uint16_t n, struct stage_cycles *cycles)
{
	uint64_t since = rte_rdtsc_precise();
	uint16_t handled = ct_track_burst(stages->ct, pkts, n, CT_RULES_ONLY_JUDGE);

	account(cycles, STAGE_TRACK, &since);
	ruleset_eval_burst(stages->ruleset, 0, pkts, handled, stages->counters);
	account(cycles, STAGE_CLASSIFY, &since);
	ct_confirm_burst(stages->ct, pkts, handled);
	account(cycles, STAGE_CONFIRM, &since);
	ct_release_burst(stages->ct, pkts, handled);
	account(cycles, STAGE_RELEASE, &since);
	return handled;
}

void
stages_run(struct stages *stages, struct burst *burst, struct stage_cycles *cycles)
{
	struct pkt *pkts[BURST_MAX];
	uint64_t since;

	for (uint16_t i = 0; i < burst->n; i++)
		pkts[i] = &burst->pkts[i];
	since = rte_rdtsc_precise();
	for (uint16_t i = 0; i < burst->n; i++)
		packet_parse(&burst->pkts[i]);
	account(cycles, STAGE_PARSE, &since);
	for (uint16_t i = 0; i < burst->n; i++)
		stages->sink += hash_tuple(&stages->secret, &burst->pkts[i].tuple);
	account(cycles, STAGE_HASH, &since);
	for (uint16_t done = 0; done < burst->n;)
		done += run_pass(stages, pkts + done, burst->n - done, cycles);
	cycles->packets += burst->n;
}

struct expiry_cycles
stages_expire(struct stages *stages, uint64_t now_ns)
{
	struct ct_scan scan = {.now = tick_from_ns(now_ns)};
	struct expiry_cycles cycles = {.scanned = ct_n_slots(stages->ct)};

	do {
		uint32_t slots[SCAN_BUDGET];
		uint64_t since = rte_rdtsc_precise();
		unsigned int n = ct_scan(stages->ct, &scan, SCAN_BUDGET, slots, SCAN_BUDGET);

		cycles.scan += rte_rdtsc_precise() - since;
		since = rte_rdtsc_precise();
		for (unsigned int i = 0; i < n; i += REAP_MAX)
			cycles.reaped +=
				ct_reap(stages->ct, slots + i, RTE_MIN(n - i, REAP_MAX), now_ns);
		cycles.reap += rte_rdtsc_precise() - since;
	} while (scan.cursor != 0);
	return cycles;
}
