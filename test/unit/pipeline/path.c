// SPDX-License-Identifier: BSD-3-Clause
#include "path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "util/mbuf.h"

#define EVENTS_MAX 4096

static void
fill_config(struct config *config, const struct path_options *options)
{
	static const char *const names[] = {"lan", "wan", "spare", "lan2", "wan2"};

	*config = (struct config){
		.file = (char *)"test.conf",
		.n_ports = RTE_DIM(names),
		.n_wires = 2,
		.wires = {{LAN, WAN}, {OTHER_LAN, OTHER_WAN}},
		.workers = 1,
		.n_chains = options->n_chains,
	};
	for (unsigned int i = 0; i < config->n_ports; i++)
		config->ports[i].name = (char *)names[i];
	ct_params_init(&config->conntrack);
	config->conntrack.max_connections =
		options->max_connections == 0 ? 256 : options->max_connections;
	config->conntrack.enable = options->enable;
	frag_params_init(&config->fragments);
	config->fragments.max_datagrams = 16;
	config->fragments.max_fragments = 64;
	for (unsigned int i = 0; i < NON_IP_COUNT; i++)
		config->non_ip[i] =
			(options->passing >> i & 1) != 0 ? VERDICT_ACCEPT : VERDICT_DROP;
	for (unsigned int i = 0; i < options->n_chains; i++)
		config->chains[i] = options->chains[i];
	if (options->adjust != NULL)
		options->adjust(config);
}

static struct snapshot *
compile(struct config *config, const struct path_options *options)
{
	static uint32_t generation;
	struct snapshot *snapshot;
	struct errors errors;

	fill_config(config, options);
	errors_init(&errors);
	snapshot = snapshot_create(
		config, options->generation == 0 ? generation++ : options->generation, &errors);
	errors_print(&errors, stderr);
	errors_fini(&errors);
	assert_non_null(snapshot);
	return snapshot;
}

const struct hash_secret *
path_secret(void)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "pipeline tests.";
	static struct hash_secret secret;

	hash_secret_init(&secret, seed);
	return &secret;
}

void
path_open(struct path *path, const struct path_options *options)
{
	struct ct_config ct_config = {
		.params = &path->config.conntrack,
		.secret = path_secret(),
		.worker = options->worker,
		.n_workers = 1,
		.socket = SOCKET_ID_ANY,
		.wants_entries = true,
	};
	char name[16];

	*path = (struct path){.now_ns = 1000 * NS_PER_SEC};
	path->snapshot = compile(&path->config, options);
	snprintf(name, sizeof(name), "told%u", options->worker);
	path->events =
		rte_ring_create_elem(name, sizeof(struct ct_event), EVENTS_MAX, SOCKET_ID_ANY, 0);
	assert_non_null(path->events);
	ct_config.events = path->events;
	path->ct = ct_create(&ct_config);
	assert_non_null(path->ct);
	path->pipeline = pipeline_create(&(struct pipeline_config){
		.snapshot = path->snapshot,
		.secret = path_secret(),
		.ct = path->ct,
		.steer = options->steer,
		.worker = options->worker,
	});
	assert_non_null(path->pipeline);
}

void
path_close(struct path *path)
{
	assert_int_equal(ct_count(path->ct).unconfirmed, 0);
	pipeline_destroy(path->pipeline);
	ct_destroy(path->ct);
	rte_ring_free(path->events);
	snapshot_destroy(path->snapshot);
}

void
path_change(struct path *path, const struct path_options *options)
{
	bool is_first = path->snapshot->config == &path->config;
	struct snapshot *snapshot = compile(is_first ? &path->other : &path->config, options);
	struct plan plan;

	assert_true(plan_init(&plan, snapshot));
	while (!pipeline_take(path->pipeline, &plan))
		;
	assert_ptr_equal(plan.snapshot, path->snapshot);
	plan_fini(&plan);
	snapshot_destroy(path->snapshot);
	path->snapshot = snapshot;
}

// What was accepted is sent, or refused where it should leave.
static void
send_burst(struct path *path, struct burst *burst)
{
	const struct pipeline_stats *stats = pipeline_stats(path->pipeline);
	uint64_t accepted = stats->accepted;

	if (path->unsent == REASON_RULE) {
		pipeline_sent_burst(path->pipeline, burst);
		return;
	}
	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];
		bool is_accepted = pkt->verdict == VERDICT_ACCEPT;

		if (is_accepted && pkt->fragments == NULL)
			pipeline_refuse(path->pipeline, pkt, path->unsent);
		for (const struct fragment *f = pkt->fragments; is_accepted && f != NULL;
		     f = f->next)
			pipeline_refuse(path->pipeline, pkt, path->unsent);
	}
	assert_int_equal(stats->accepted, accepted); // nobody has seen more meanwhile
}

void
path_run(struct path *path, const struct arrival arrivals[], uint16_t n, struct burst *burst)
{
	burst_reset(burst);
	for (uint16_t i = 0; i < n; i++) {
		path->now_ns += arrivals[i].after_ns;
		burst_add(burst, mbuf_from_frame(&arrivals[i].frame), arrivals[i].port, ++path->seq,
			  path->now_ns);
	}
	pipeline_run(path->pipeline, burst);
	send_burst(path, burst);
	for (uint16_t i = 0; i < n; i++) {
		path->n_frames[i] = 0;
		for (const struct fragment *f = burst->pkts[i].fragments; f != NULL; f = f->next)
			path->frames[i][path->n_frames[i]++] = f->seq;
	}
	burst_free(burst);
	burst->n = n; // what is known about the packets is still there
}

struct pkt
path_one(struct path *path, const struct frame *frame, uint8_t port)
{
	static struct burst burst;
	struct arrival arrival = {.port = port};

	arrival.frame = *frame;
	path_run(path, &arrival, 1, &burst);
	return burst.pkts[0];
}

const char *
path_describe(const struct path *path, const struct pkt *pkt, char *text)
{
	static const char *const dirs[] = {" orig", " reply", ""};
	const struct ruleset *ruleset = path->snapshot->ruleset;
	char *at = text;

	at += sprintf(at, "%s %s", verdict_name(pkt->verdict), reason_name(pkt->reason));
	if (pkt->chain != CHAIN_NONE)
		at += sprintf(at, " %s", ruleset_chain_name(ruleset, pkt->chain));
	if (pkt->rule != RULE_NONE)
		at += sprintf(at, "/%u", pkt->rule - ruleset_chain_first(ruleset, pkt->chain));
	if (pkt->class != CLASS_NONE)
		sprintf(at, " %s%s", class_name(pkt->class), dirs[pkt->dir]);
	return text;
}

void
path_assert(const struct path *path, struct pkt pkt, const char *expected, const char *file,
	    int line)
{
	char text[PATH_TEXT_MAX];

	_assert_string_equal(path_describe(path, &pkt, text), expected, file, line);
}
