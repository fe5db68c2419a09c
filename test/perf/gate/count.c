// SPDX-License-Identifier: BSD-3-Clause
//
// Runs a fixed sequence of packets through a whole pipeline. gate.py runs it under callgrind and
// compares the instructions of run_measured with the budgets; by itself it prints the time, the
// median of many bursts.
//
//   count SCENARIO EAL arguments      count --list: their names
//
// Nothing is random and time is virtual, so the count is the same in every run.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "engine/sums.h"
#include "perf/micro/feed.h"

#define BURSTS     64
#define FLOWS      1024
#define START_NS   (1000 * NS_PER_SEC)
#define STEP_NS    (10 * NS_PER_USEC) // between bursts
#define WARM_TURNS 8
#define SEGMENT    6 // bytes of payload of a TCP segment

struct scenario {
	const char *name;
	struct flow_family family;
	uint32_t n_flows; // established before; 0: every packet is a new flow, or
	bool is_short;    // flows open, say a word and close; what counts is the whole of it
	unsigned int n_rules;
	bool forgets; // rules are evaluated for every packet, because one matches TCP flags
	bool sums;    // the NIC has verified no checksum
};

static const struct scenario scenarios[] = {
	{"udp", {.is_tcp = false}, FLOWS, .n_rules = 10},
	{"udp-sums", {.is_tcp = false}, FLOWS, .n_rules = 10, .sums = true},
	{"udp-ipv6", {.is_ipv6 = true}, FLOWS, .n_rules = 10},
	{"tcp", {.is_tcp = true}, FLOWS, .n_rules = 10},
	{"tcp-sums", {.is_tcp = true}, FLOWS, .n_rules = 10, .sums = true},
	{"tcp-ipv6", {.is_tcp = true, .is_ipv6 = true}, FLOWS, .n_rules = 10},
	{"tcp-asked", {.is_tcp = true}, FLOWS, .n_rules = 10, .forgets = true},
	{"new-udp", {.is_tcp = false}, 0, .n_rules = 10},
	{"new-udp-10k-rules", {.is_tcp = false}, 0, .n_rules = 10000},
	{"short-tcp", {.is_tcp = true}, 0, .is_short = true, .n_rules = 10},
};

// A short connection; sequence numbers count from the SYNs.
static const struct packet_spec short_connection[] = {
	{.tcp_flags = TH_SYN},
	{.tcp_flags = TH_SYN | TH_ACK, .is_reply = true, .ack = 1},
	{.tcp_flags = TH_ACK, .seq = 1, .ack = 1},
	{.tcp_flags = TH_ACK | TH_PUSH, .seq = 1, .ack = 1, .payload = SEGMENT},
	{.tcp_flags = TH_FIN | TH_ACK, .seq = 1 + SEGMENT, .ack = 1},
	{.tcp_flags = TH_FIN | TH_ACK, .is_reply = true, .seq = 1, .ack = 2 + SEGMENT},
	{.tcp_flags = TH_ACK, .seq = 2 + SEGMENT, .ack = 2},
};

struct run {
	const struct scenario *scenario;
	struct config config;
	struct engine *engine;
	struct pipeline *pipeline; // the engine's
	struct feed feed;
	struct burst burst;
	uint64_t now_ns;
	uint32_t next;                 // flow
	uint32_t (*n_sent)[DIR_COUNT]; // segments of each flow
	struct prefix *prefixes;       // that the rules refer to
	uint64_t cycles[BURSTS];
};

// The measured part: nothing else calls the pipeline between two readings of the clock.
__attribute__((noinline)) static void
run_measured(struct pipeline *pipeline, struct burst *burst)
{
	pipeline_run(pipeline, burst);
	__asm__ volatile("" ::: "memory"); // prevents a tail call
}

// Established connections first, but for a rule that looks at flags; then rules for single
// destinations that no flow has; the last rule accepts.
static bool
make_rules(struct run *run, struct chain *chain)
{
	const struct scenario *scenario = run->scenario;
	unsigned int n = scenario->n_rules, established = scenario->forgets ? 1 : 0;

	chain->rules = calloc(n, sizeof(*chain->rules));
	run->prefixes = calloc(n, sizeof(*run->prefixes));
	if (chain->rules == NULL || run->prefixes == NULL)
		return false;
	chain->name = (char *)"filter";
	chain->policy = ACTION_DROP;
	chain->n_rules = n;
	for (unsigned int i = 0; i < n; i++) {
		struct rule *rule = &chain->rules[i];

		rule->name = (char *)"rule";
		rule->action = i == established || i == n - 1 ? ACTION_ACCEPT : ACTION_DROP;
		if (i < established)
			rule->match.tcp_flags_mask = rule->match.tcp_flags = TH_URG;
		if (i == established)
			rule->match.classes = 1 << CLASS_ESTABLISHED;
		if (i <= established || i == n - 1)
			continue;
		run->prefixes[i] = (struct prefix){.family = FAMILY_IPV4, .len = 32};
		run->prefixes[i].address.v4 = i;
		rule->match.dst = &run->prefixes[i];
		rule->match.n_dst = 1;
	}
	return true;
}

static struct engine *
make_engine(const struct config *config)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "instructions...";
	struct hash_secret secret;
	struct engine_config engine = {.secret = &secret, .n_workers = 1};
	struct errors errors;

	hash_secret_init(&secret, seed);
	errors_init(&errors);
	engine.snapshot = snapshot_create(config, 1, &errors);
	errors_print(&errors, stderr);
	errors_fini(&errors);
	return engine.snapshot == NULL ? NULL : engine_create(&engine);
}

static bool
open_run(struct run *run)
{
	ct_params_init(&run->config.conntrack);
	frag_params_init(&run->config.fragments);
	run->config.conntrack.max_connections = 16 * FLOWS;
	run->config.n_chains = 1;
	run->config.n_ports = 2;
	run->config.wires[0] = (struct wire_config){.a = 0, .b = 1};
	run->config.n_wires = 1;
	if (!make_rules(run, &run->config.chains[0]))
		return false;
	run->engine = make_engine(&run->config);
	run->n_sent = calloc(FLOWS, sizeof(*run->n_sent));
	run->feed.family = run->scenario->family;
	run->feed.nic_says =
		run->scenario->sums ? 0 : RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	run->now_ns = START_NS;
	if (run->engine == NULL || run->n_sent == NULL || feed_open(&run->feed) != 0)
		return false;
	run->pipeline = engine_pipeline(run->engine, 0);
	return true;
}

static void
close_run(struct run *run)
{
	engine_destroy(run->engine);
	feed_close(&run->feed);
	free(run->n_sent);
	free(run->prefixes);
	free(run->config.chains[0].rules);
}

// The next packet of a flow. TCP: a handshake, then a segment from each side in turn, which
// acknowledges what the other one has sent.
static struct packet_spec
next_packet(struct run *run, uint32_t flow, uint32_t turn)
{
	const uint8_t flags[] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};
	uint32_t *n_sent = run->n_sent[flow % FLOWS];
	struct packet_spec spec = {.is_reply = turn % 2 != 0};

	if (run->scenario->is_short)
		return short_connection[turn];
	if (!run->scenario->family.is_tcp)
		return spec;
	spec.tcp_flags = turn < RTE_DIM(flags) ? flags[turn] : TH_ACK | TH_PUSH;
	spec.seq = turn < 2 ? 0 : 1 + SEGMENT * n_sent[spec.is_reply];
	spec.ack = turn == 0 ? 0 : 1 + SEGMENT * n_sent[!spec.is_reply];
	if (turn >= RTE_DIM(flags)) {
		spec.payload = SEGMENT;
		n_sent[spec.is_reply]++;
	}
	return spec;
}

// The packets that belong together, which are counted as one.
static unsigned int
n_together(const struct scenario *scenario)
{
	return scenario->is_short ? RTE_DIM(short_connection) : 1;
}

static unsigned int
n_bursts(const struct scenario *scenario)
{
	return BURSTS - BURSTS % n_together(scenario);
}

// The turn of the flows that a burst is of, the i-th of those that are measured.
static uint32_t
turn_of(const struct scenario *scenario, uint32_t turns_before, unsigned int i)
{
	if (scenario->is_short)
		return i % RTE_DIM(short_connection);
	return turns_before + i * FEED_BURST / FLOWS;
}

// A burst of packets, one of each of the next flows; these are the same ones again for as long as a
// short connection takes.
static void
fill_burst(struct run *run, uint32_t turn)
{
	run->now_ns += STEP_NS;
	burst_reset(&run->burst);
	if (run->scenario->is_short && turn > 0)
		run->next -= FEED_BURST;
	for (unsigned int i = 0; i < FEED_BURST; i++, run->next++) {
		uint32_t n = run->scenario->n_flows;
		uint32_t flow = n == 0 ? run->next : run->next % n;
		struct packet_spec spec = next_packet(run, flow, turn);

		feed_add(&run->feed, &run->burst, flow, &spec, run->now_ns);
	}
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

// Runs every flow for some turns before anything is measured. Returns the number of turns.
static uint32_t
warm_up(struct run *run)
{
	uint32_t n_turns = run->scenario->n_flows == 0 ? 0 : WARM_TURNS;

	for (uint32_t turn = 0; turn < n_turns; turn++) {
		for (uint32_t flow = 0; flow < run->scenario->n_flows; flow += FEED_BURST) {
			fill_burst(run, turn);
			pipeline_run(run->pipeline, &run->burst);
			pipeline_sent_burst(run->pipeline, &run->burst);
		}
		run->now_ns += 3 * NS_PER_SEC; // UDP becomes a stream
	}
	return n_turns;
}

static void
measure(struct run *run, uint32_t turns)
{
	for (unsigned int i = 0; i < n_bursts(run->scenario); i++) {
		uint64_t begin;

		fill_burst(run, turn_of(run->scenario, turns, i));
		begin = rte_rdtsc_precise();
		run_measured(run->pipeline, &run->burst);
		run->cycles[i] = rte_rdtsc_precise() - begin;
		pipeline_sent_burst(run->pipeline, &run->burst);
	}
}

static void
report(struct run *run)
{
	const struct pipeline_stats *stats = pipeline_stats(run->pipeline);
	const unsigned int n = n_bursts(run->scenario);
	uint64_t median;
	double ns_per_cycle = 1e9 / (double)rte_get_tsc_hz();

	qsort(run->cycles, n, sizeof(run->cycles[0]), compare);
	median = run->cycles[n / 2];
	printf("%s packets %u by %u ns %.1f least %.1f accepted %" PRIu64 " of %" PRIu64
	       " connections %u\n",
	       run->scenario->name, n * FEED_BURST, n_together(run->scenario),
	       (double)median * ns_per_cycle / FEED_BURST,
	       (double)run->cycles[0] * ns_per_cycle / FEED_BURST, stats->accepted, stats->packets,
	       engine_ct_count(run->engine).confirmed);
}

static const struct scenario *
find_scenario(const char *name)
{
	for (size_t i = 0; i < RTE_DIM(scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct run run;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < RTE_DIM(scenarios); i++)
			puts(scenarios[i].name);
		return 0;
	}
	run.scenario = argc > 1 ? find_scenario(argv[1]) : NULL;
	if (run.scenario == NULL) {
		fprintf(stderr, "usage: count SCENARIO EAL arguments | --list\n");
		return 2;
	}
	argv[1] = argv[0];
	if (rte_eal_init(argc - 1, argv + 1) < 0 || !open_run(&run)) {
		fprintf(stderr, "count: cannot start\n");
		return 1;
	}
	measure(&run, warm_up(&run));
	report(&run);
	close_run(&run);
	return 0;
}
