// SPDX-License-Identifier: BSD-3-Clause
#include "util/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

static uint32_t
next_generation(const struct path_options *options)
{
	static uint32_t generation;

	return options->generation == 0 ? generation++ : options->generation;
}

static struct snapshot *
compile(struct config *config, const struct path_options *options)
{
	struct snapshot *snapshot;
	struct errors errors;

	fill_config(config, options);
	errors_init(&errors);
	snapshot = snapshot_create(config, next_generation(options), &errors);
	errors_print(&errors, stderr);
	errors_fini(&errors);
	assert_non_null(snapshot);
	return snapshot;
}

// Tests read events from the ring themselves.
static void
nobody_hears(void *context, const struct ct_event events[], unsigned int n)
{
	(void)context;
	(void)events;
	(void)n;
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
	*path = (struct path){.now_ns = 1000 * NS_PER_SEC};
	path->engine = engine_create(&(struct engine_config){
		.snapshot = compile(&path->config, options),
		.secret = path_secret(),
		.n_workers = options->n_workers == 0 ? 1 : options->n_workers,
		.steer_ring = options->steer_ring,
		.toeplitz = options->toeplitz,
		.event_ring = EVENTS_MAX,
		.listener = nobody_hears,
		.wants_entries = true,
	});
	assert_non_null(path->engine);
	path->snapshot = engine_snapshot(path->engine);
	path_enter(path, 0);
}

void
path_close(struct path *path)
{
	for (unsigned int i = 0; i < engine_n_workers(path->engine); i++)
		assert_int_equal(ct_count(engine_shard(path->engine, i)).unconfirmed, 0);
	engine_destroy(path->engine);
}

void
path_enter(struct path *path, unsigned int worker)
{
	path->worker = worker;
	path->ct = engine_shard(path->engine, worker);
	path->pipeline = engine_pipeline(path->engine, worker);
	path->events = service_events(engine_service(path->engine), worker);
}

void
path_change(struct path *path, const struct path_options *options)
{
	static const struct engine_bounds nothing_else = {0};
	bool is_first = path->snapshot->config == &path->config;
	struct config *config = is_first ? &path->other : &path->config;
	const unsigned int n = engine_n_workers(path->engine);
	struct changeover *changeover;
	struct errors errors;

	fill_config(config, options);
	errors_init(&errors);
	changeover = changeover_create(config, next_generation(options), n, &errors);
	errors_print(&errors, stderr);
	errors_fini(&errors);
	assert_non_null(changeover);
	engine_publish(path->engine, changeover);
	while (!engine_retire(path->engine)) {
		for (unsigned int i = 0; i < n; i++)
			engine_between_bursts(path->engine, i, path->now_ns, &nothing_else);
	}
	path->snapshot = engine_snapshot(path->engine);
}

// Counts accepted packets as sent, or refuses them at the output port.
static void
send_burst(struct path *path, struct burst *burst)
{
	const struct pipeline_stats *stats = pipeline_stats(path->pipeline);
	uint64_t accepted = stats->accepted;

	if (path->unsent == REASON_RULE) {
		pipeline_sent_burst(path->pipeline, burst);
		return;
	}
	for (uint16_t i = 0; i < burst->n_passed; i++)
		pipeline_refuse(path->pipeline, path->unsent);
	for (uint16_t i = 0; i < burst->n_live; i++) {
		const struct pkt *pkt = burst->live[i];

		for (unsigned int k = 0; pkt->verdict == VERDICT_ACCEPT && k < pkt_n_frames(pkt);
		     k++)
			pipeline_refuse(path->pipeline, path->unsent);
	}
	assert_int_equal(stats->accepted, accepted); // it never exceeds what was sent
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
