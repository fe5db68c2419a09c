// SPDX-License-Identifier: BSD-3-Clause
//
// The cost of each stage of a packet's path by itself, in nanoseconds per packet: the median over
// many groups of bursts, so that interruptions do not count.
//
//   micro EAL arguments       for example: micro --in-memory --no-pci -l 1
//
// Frames are made between the bursts, outside the measured time, so caches are colder than in a
// running firewall: use the figures to compare stages and changes with each other.
#include <stdio.h>
#include <stdlib.h>

#include <netinet/tcp.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "feed.h"
#include "stages.h"

#define GROUPS        101 // odd, so that there is a middle one
#define GROUP_BURSTS  32
#define WARM_GROUPS   8
#define START_NS      (1000 * NS_PER_SEC)
#define GONE_NS       (1000 * NS_PER_SEC) // longer than any timeout of UDP
#define NEW_PER_ROUND (GROUPS * GROUP_BURSTS * FEED_BURST)

struct scenario {
	const char *name;
	struct flow_family family;
	uint32_t n_flows; // established; 0: every packet is a new flow
	unsigned int n_rules;
	uint32_t full; // connections the table has room for, all taken; 0: there is room
};

static const struct scenario scenarios[] = {
	{"udp-1k", {.is_tcp = false}, 1000, 1, 0},
	{"udp-100k", {.is_tcp = false}, 100000, 1, 0},
	{"udp-1m", {.is_tcp = false}, 1000000, 1, 0},
	{"tcp-1k", {.is_tcp = true}, 1000, 1, 0},
	{"tcp-100k", {.is_tcp = true}, 100000, 1, 0},
	{"tcp-1m", {.is_tcp = true}, 1000000, 1, 0},
	{"ipv6-100k", {.is_ipv6 = true}, 100000, 1, 0},
	{"rules-100", {.is_tcp = false}, 100000, 100, 0},
	{"rules-10k", {.is_tcp = false}, 100000, 10000, 0},
	{"new-udp", {.is_tcp = false}, 0, 1, 0},
	{"new-syn", {.is_tcp = true}, 0, 1, 0},
	{"full-100k", {.is_tcp = true}, 0, 1, 100000},
	{"full-1m", {.is_tcp = true}, 0, 1, 1000000},
};

// From the client's SYN to its ACK; seq and ack count from the SYNs.
static const struct packet_spec handshake[] = {
	{.is_reply = false, .tcp_flags = TH_SYN},
	{.is_reply = true, .tcp_flags = TH_SYN | TH_ACK, .ack = 1},
	{.is_reply = false, .tcp_flags = TH_ACK, .seq = 1, .ack = 1},
};

struct bench {
	const struct scenario *scenario;
	struct feed feed;
	struct stages stages;
	struct burst burst;
	struct stage_cycles groups[GROUPS];
	uint32_t next_flow; // if every packet is a new flow
};

static void
run(struct bench *bench, struct stage_cycles *cycles)
{
	stages_run(&bench->stages, &bench->burst, cycles);
	burst_reset(&bench->burst);
}

// Every flow exists and has seen both directions.
static void
establish(struct bench *bench)
{
	static const struct packet_spec both[] = {{.is_reply = false}, {.is_reply = true}};
	bool is_tcp = bench->scenario->family.is_tcp;
	const struct packet_spec *specs = is_tcp ? handshake : both;
	unsigned int n = is_tcp ? RTE_DIM(handshake) : RTE_DIM(both);
	struct stage_cycles ignored = {0};

	for (uint32_t i = 0; i < bench->scenario->n_flows; i++) {
		for (unsigned int s = 0; s < n; s++) {
			feed_add(&bench->feed, &bench->burst, i, &specs[s], START_NS);
			if (bench->burst.n == FEED_BURST)
				run(bench, &ignored);
		}
	}
	run(bench, &ignored);
}

static void
fill(struct bench *bench)
{
	for (unsigned int i = 0; i < FEED_BURST; i++) {
		struct packet_spec spec = {.tcp_flags = TH_ACK, .seq = 1, .ack = 1};
		uint32_t index;

		if (bench->scenario->n_flows == 0) {
			spec = handshake[0];
			index = bench->next_flow++;
		} else {
			index = (uint32_t)random_below(&bench->feed.random,
						       bench->scenario->n_flows);
			spec.is_reply = random_next(&bench->feed.random) & 1;
		}
		feed_add(&bench->feed, &bench->burst, index, &spec, START_NS);
	}
}

static void
run_groups(struct bench *bench, unsigned int n)
{
	for (unsigned int group = 0; group < n; group++) {
		bench->groups[group] = (struct stage_cycles){0};
		for (unsigned int i = 0; i < GROUP_BURSTS; i++) {
			fill(bench);
			run(bench, &bench->groups[group]);
		}
	}
}

// All existing connections are unanswered.
static void
fill_table(struct bench *bench)
{
	while (ct_count(bench->stages.ct).confirmed < bench->scenario->full)
		run_groups(bench, 1);
}

static int
compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
median_ns(const struct bench *bench, enum micro_stage stage)
{
	double values[GROUPS];

	for (unsigned int i = 0; i < GROUPS; i++) {
		const struct stage_cycles *group = &bench->groups[i];

		values[i] = (double)group->spent[stage] / (double)group->packets;
	}
	qsort(values, GROUPS, sizeof(values[0]), compare);
	return values[GROUPS / 2] * 1e9 / (double)rte_get_tsc_hz();
}

static double
ns_each(uint64_t cycles, uint64_t n)
{
	return n == 0 ? 0 : (double)cycles * 1e9 / (double)rte_get_tsc_hz() / (double)n;
}

static int
measure(struct bench *bench)
{
	const struct scenario *scenario = bench->scenario;
	uint32_t n_conns = scenario->n_flows == 0 ? 2 * NEW_PER_ROUND : scenario->n_flows;
	uint32_t capacity = scenario->full > 0 ? scenario->full : n_conns + n_conns / 4;
	struct expiry_cycles expiry;

	bench->feed.family = scenario->family;
	if (stages_open(&bench->stages, capacity, scenario->n_rules) != 0) {
		fprintf(stderr, "micro: no memory for %u connections\n", capacity);
		return -1;
	}
	establish(bench);
	fill_table(bench);
	run_groups(bench, WARM_GROUPS);
	run_groups(bench, GROUPS);
	printf("%-10s", scenario->name);
	for (unsigned int stage = 0; stage < STAGE_COUNT; stage++)
		printf(" %8.1f", median_ns(bench, stage));
	if (!scenario->family.is_tcp) {
		expiry = stages_expire(&bench->stages, START_NS + GONE_NS);
		printf(" %8.1f %8.1f", ns_each(expiry.scan, expiry.scanned),
		       ns_each(expiry.reap, expiry.reaped));
	}
	printf("\n");
	stages_close(&bench->stages);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	int result = 0;

	if (rte_eal_init(argc, argv) < 0 || feed_open(&bench.feed) != 0) {
		fprintf(stderr, "micro: DPDK cannot start\n");
		return EXIT_FAILURE;
	}
	printf("%-10s", "ns/packet");
	for (unsigned int stage = 0; stage < STAGE_COUNT; stage++)
		printf(" %8s", stage_names[stage]);
	printf(" %8s %8s\n", "ns/slot:", "ns/conn:");
	printf("%-10s %*s %8s %8s\n", "", 9 * STAGE_COUNT - 1, "", "scan", "reap");
	for (unsigned int i = 0; result == 0 && i < RTE_DIM(scenarios); i++) {
		bench.scenario = &scenarios[i];
		result = measure(&bench);
	}
	feed_close(&bench.feed);
	rte_eal_cleanup();
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
