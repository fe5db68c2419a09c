// SPDX-License-Identifier: BSD-3-Clause
#include "replay/replay.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>

#include "base/contract.h"
#include "base/files.h"
#include "engine/engine.h"
#include "packet/parse.h"
#include "replay/capture.h"
#include "replay/change.h"
#include "replay/cut.h"
#include "replay/offload.h"
#include "replay/source.h"
#include "replay/summary.h"
#include "sizing/bare_eal.h"
#include "sizing/footprint.h"
#include "sizing/machine.h"

#define EVENT_RING    65536
#define STEER_RING    256
#define SCAN_BUDGET   UINT32_MAX // a turn of the virtual service core scans everything
#define FILES_OPEN    32         // by EAL and for outputs, in addition to the captures
#define PROGRESS_FROM 200000     // packets; smaller captures are too quick for messages
#define PROGRESS_STEP 65536

struct replay {
	const struct config *config;
	const struct replay_options *options;
	struct output *output;
	struct source *source;
	struct engine *engine;
	struct burst bursts[REPLAY_WORKERS_MAX]; // one for each worker
	struct change changes[REPLAY_CHANGES_MAX];
	unsigned int n_changed;
	uint64_t n_packets; // taken so far
	uint64_t n_total;
	struct summary_cut cut;
	struct offload offload;
	uint64_t now_ns;       // never goes back
	uint64_t next_turn_ns; // of the service core
	bool shows_progress;
};

// The length of a pause between bursts does not matter here.
static const struct engine_bounds bounds = {.reap = 256, .expire = UINT_MAX};

const uint8_t replay_seed[HASH_SEED_BYTES] = "sallyport replay";

static void
listen(void *context, const struct ct_event events[], unsigned int n)
{
	struct replay *replay = context;

	output_events(replay->output, events, n);
}

// Outputs the verdict for every frame of a packet.
static void
write_verdicts(struct replay *replay, const struct pkt *pkt)
{
	offload_count(&replay->offload, pkt);
	if (pkt->fragments == NULL)
		output_verdict(replay->output, pkt->seq, pkt, pkt->mbuf);
	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next)
		output_verdict(replay->output, f->seq, pkt, f->mbuf);
}

// Fragments were given up: a pipeline_loss_listener. All are from one port.
static void
write_lost(void *context, const struct pkt *pkt)
{
	struct replay *replay = context;

	write_verdicts(replay, pkt);
}

// Without what it goes by.
static struct engine_config
engine_config(struct replay *replay)
{
	return (struct engine_config){
		.n_workers = replay->options->workers,
		.steer_ring = STEER_RING,
		.event_ring = EVENT_RING,
		.listener = replay->options->outputs.events == NULL ? NULL : listen,
		.lost = write_lost,
		.context = replay,
		.wants_entries = true,
		.ends_with_eal = true,
	};
}

// Fragments that may be held while further packets are read.
static unsigned int
n_held(const struct replay *replay)
{
	return replay->options->workers * replay->config->fragments.max_fragments;
}

static struct footprint
footprint(struct replay *replay, const struct ruleset_size *size)
{
	const struct engine_config engine = engine_config(replay);
	const struct footprint_parts parts = {
		.engine = &engine,
		.packets = source_bytes_for(n_held(replay)),
	};

	return footprint_of(replay->config, size, &parts);
}

// EAL cannot get more memory later.
static int
start_eal(struct replay *replay, struct errors *errors)
{
	const struct config *config = replay->config;
	struct footprint needed;
	struct ruleset_size size;

	if (!ruleset_measure(config->chains, config->n_chains, config->file, &size, errors))
		return -1;
	for (unsigned int i = 0; i < replay->options->n_changes; i++) {
		const struct ruleset_size *other = &replay->changes[i].size;

		size.n_counters = RTE_MAX(size.n_counters, other->n_counters);
		size.bytes_least = RTE_MAX(size.bytes_least, other->bytes_least);
		size.bytes_most = RTE_MAX(size.bytes_most, other->bytes_most);
	}
	needed = footprint(replay, &size);
	if (!footprint_fits(&needed, config, machine_memory_bytes(""), errors))
		return -1;
	return bare_eal_start(footprint_reserve(&needed, 1 + replay->options->n_changes), errors);
}

// Reads the configurations of later changes, so that their errors are reported at once.
static int
load_changes(struct replay *replay, struct errors *errors)
{
	const struct replay_options *options = replay->options;

	for (unsigned int i = 0; i < options->n_changes; i++) {
		if (change_load(&replay->changes[i], options->changes[i].n,
				options->changes[i].path, replay->config, errors) != 0)
			return -1;
	}
	return 0;
}

static int
compile_changes(struct replay *replay, struct errors *errors)
{
	for (unsigned int i = 0; i < replay->options->n_changes; i++) {
		if (change_compile(&replay->changes[i], 2 + i, replay->options->workers, errors) !=
		    0)
			return -1;
	}
	return 0;
}

// The next packet is judged under another configuration.
static bool
is_change_due(const struct replay *replay)
{
	return replay->n_changed < replay->options->n_changes &&
	       replay->changes[replay->n_changed].n <= replay->n_packets + 1;
}

static void
apply_changes(struct replay *replay)
{
	while (is_change_due(replay)) {
		change_apply(&replay->changes[replay->n_changed++], replay->engine, replay->now_ns);
		output_set_snapshot(replay->output, engine_snapshot(replay->engine));
	}
}

static int
add_captures(struct replay *replay, const struct capture captures[], struct errors *errors)
{
	const struct replay_options *options = replay->options;

	replay->source = source_create(n_held(replay));
	if (replay->source == NULL) {
		errors_add(errors, NULL, 0, "no memory for packets");
		return -1;
	}
	for (unsigned int i = 0; i < options->n_captures; i++) {
		if (source_add(replay->source, &captures[i], options->captures[i].port, errors) !=
		    0)
			return -1;
		replay->n_total += captures[i].n_packets;
	}
	replay->shows_progress = replay->n_total >= PROGRESS_FROM && isatty(STDERR_FILENO) == 1;
	return 0;
}

static int
create_engine(struct replay *replay, struct errors *errors)
{
	struct engine_config config = engine_config(replay);
	struct hash_secret secret;

	hash_secret_init(&secret, replay->options->seed);
	config.secret = &secret;
	config.snapshot = snapshot_create(replay->config, 1, errors);
	if (config.snapshot == NULL)
		return -1;
	replay->engine = engine_create(&config);
	if (replay->engine != NULL)
		return 0;
	errors_add(errors, NULL, 0, "no memory for %u workers and %u connections",
		   replay->options->workers, replay->config->conntrack.max_connections);
	return -1;
}

static uint64_t
next_second(uint64_t now_ns)
{
	return (now_ns / NS_PER_SEC + 1) * NS_PER_SEC;
}

// Runs the service core, and the owners' reaping, until nothing is left to do. The next turn is
// when the next deadline passes, because nothing happens before that.
static void
turn_service(struct replay *replay)
{
	uint64_t now_ns = replay->next_turn_ns;
	tick_t now = tick_from_ns(now_ns);
	tick_t next = now;
	unsigned int n_reaped;
	bool is_done;
	int32_t ticks;

	do {
		is_done = service_turn(engine_service(replay->engine), now, SCAN_BUDGET, &next);
		n_reaped = 0;
		for (unsigned int i = 0; i < replay->options->workers; i++)
			n_reaped += engine_between_bursts(replay->engine, i, now_ns, &bounds);
	} while (!is_done || n_reaped > 0);
	service_drain(engine_service(replay->engine));
	output_flush_events(replay->output);
	ticks = ticks_until(next, now);
	replay->next_turn_ns = next_second(now_ns + (uint64_t)ticks * NS_PER_TICK - 1);
}

// Advances the clock to a time, with every turn of the service core that is due until then.
static void
advance(struct replay *replay, uint64_t until_ns)
{
	while (replay->next_turn_ns <= until_ns) {
		replay->now_ns = replay->next_turn_ns;
		turn_service(replay);
	}
	replay->now_ns = RTE_MAX(replay->now_ns, until_ns);
}

// Drops a packet of which too much is missing; no worker sees it.
static void
drop_cut(struct replay *replay, struct pkt *pkt)
{
	pkt_drop(pkt, REASON_CUT);
	pkt->fault = FAULT_CUT;
	replay->cut.n_dropped++;
	replay->cut.dropped_bytes += pkt->mbuf->pkt_len;
	output_verdict(replay->output, pkt->seq, pkt, pkt->mbuf);
	rte_pktmbuf_free(pkt->mbuf);
}

// Passes packets that can be judged. Returns false if the packet was dropped because too much of it
// is missing.
static bool
pass_cut(struct replay *replay, struct pkt *pkt, uint32_t captured_len)
{
	const enum cut cut = cut_find(pkt, captured_len);

	if (cut == CUT_NONE)
		return true;
	if (cut == CUT_PAYLOAD && replay->options->accepts_cut) {
		// The checksum covers missing bytes, so it cannot be verified.
		pkt->mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		replay->cut.n_judged++;
		return true;
	}
	if (cut == CUT_HEADERS) {
		pkt->family = FAMILY_NONE;
		pkt->has_tuple = false;
		pkt->has_ports = false;
	}
	drop_cut(replay, pkt);
	return false;
}

// Takes packets until there are as many as a burst may have or the service core is due, and adds
// each to the burst of its home. Returns their number.
static unsigned int
receive(struct replay *replay)
{
	unsigned int n = 0;
	uint64_t time_ns;

	while (n < replay->options->burst && source_peek(replay->source, &time_ns)) {
		struct arrival arrival;
		struct pkt pkt;
		uint64_t at_ns = RTE_MAX(time_ns, replay->now_ns);

		if (n > 0 && (at_ns >= replay->next_turn_ns || is_change_due(replay)))
			break;
		apply_changes(replay);
		advance(replay, at_ns);
		// The connection that this packet begins may expire soon.
		replay->next_turn_ns = RTE_MIN(replay->next_turn_ns, next_second(at_ns));
		arrival = source_take(replay->source);
		pkt_init(&pkt, arrival.mbuf, arrival.port, ++replay->n_packets, at_ns);
		output_arrival(replay->output, arrival.time_ns, arrival.len, arrival.wire_len);
		packet_parse(&pkt);
		if (replay->options->side != NULL)
			pkt.in_port = side_port(replay->options->side, &pkt);
		n++;
		if (!pass_cut(replay, &pkt, arrival.len))
			continue;
		burst_add_parsed(&replay->bursts[engine_home(replay->engine, &pkt, 0)], &pkt);
		// Its datagram may turn out to have another home, where no packet must overtake it.
		if (pkt_has_place(&pkt) && replay->options->workers > 1)
			break;
	}
	return n;
}

static void
show_progress(const struct replay *replay)
{
	if (replay->shows_progress && replay->n_packets % PROGRESS_STEP < replay->options->burst)
		fprintf(stderr, "\r%3u %% of %llu packets",
			(unsigned int)(replay->n_packets * 100 / replay->n_total),
			(unsigned long long)replay->n_total);
}

static int
compare_emissions(const void *left, const void *right)
{
	const struct emission *a = left, *b = right;

	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

// Outputs the frames that the firewall itself has sent, in the order of the packets that caused
// them, and frees them.
static void
write_answers(struct replay *replay)
{
	struct emission answers[REPLAY_WORKERS_MAX * BURST_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < replay->options->workers; i++) {
		struct emit *emit = pipeline_emit(engine_pipeline(replay->engine, i));

		memcpy(answers + n, emit->list, emit->n * sizeof(*answers));
		n += emit->n;
		emit_reset(emit);
	}
	qsort(answers, n, sizeof(*answers), compare_emissions);
	for (unsigned int i = 0; i < n; i++) {
		output_answer(replay->output, &answers[i]);
		rte_pktmbuf_free(answers[i].mbuf);
	}
}

// Runs every worker's burst; first is the number of the first packet since the last call.
static void
run_workers(struct replay *replay, uint64_t first)
{
	const struct pkt *in_order[BURST_MAX] = {NULL};

	for (unsigned int i = 0; i < replay->options->workers; i++) {
		struct burst *burst = &replay->bursts[i];

		pipeline_run(engine_pipeline(replay->engine, i), burst);
		pipeline_sent_burst(engine_pipeline(replay->engine, i), burst);
		for (uint16_t k = 0; k < burst->n; k++) {
			if (!pkt_is_gone(&burst->pkts[k]))
				in_order[burst->pkts[k].seq - first] = &burst->pkts[k];
		}
	}
	write_answers(replay);
	for (unsigned int i = 0; i < BURST_MAX; i++) {
		if (in_order[i] != NULL)
			write_verdicts(replay, in_order[i]);
	}
	for (unsigned int i = 0; i < replay->options->workers; i++)
		burst_free(&replay->bursts[i]);
}

// Fills the workers' bursts with packets that were handed over. Returns their number.
static unsigned int
take_over(struct replay *replay)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < replay->options->workers; i++) {
		engine_receive(replay->engine, i, &replay->bursts[i], BURST_MAX);
		n += replay->bursts[i].n;
	}
	return n;
}

static void
process(struct replay *replay, unsigned int n)
{
	const uint64_t first = replay->n_packets - n + 1;

	do
		run_workers(replay, first);
	while (take_over(replay) > 0);
	service_drain(engine_service(replay->engine));
	output_flush_events(replay->output);
	show_progress(replay);
}

static void
drive(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	uint64_t time_ns = 0;
	unsigned int n;

	if (source_peek(replay->source, &time_ns))
		replay->now_ns = time_ns;
	replay->next_turn_ns = next_second(replay->now_ns);
	while ((n = receive(replay)) > 0)
		process(replay, n);
	advance(replay, replay->now_ns + options->settle_sec * NS_PER_SEC);
	for (unsigned int i = 0; i < options->workers; i++)
		pipeline_end(engine_pipeline(replay->engine, i));
	output_table(replay->output, replay->engine, tick_from_ns(replay->now_ns));
	if (replay->shows_progress)
		fputs("\r                                        \r", stderr);
	if (output_is_idle(&options->outputs))
		summary_print(replay->engine, tick_from_ns(replay->now_ns), &replay->cut, stdout);
}

static int
open_captures(const struct replay_options *options, struct capture captures[],
	      struct errors *errors)
{
	int result = 0;

	for (unsigned int i = 0; i < options->n_captures; i++) {
		int failed = capture_open(&captures[i], options->captures[i].path, errors);

		if (failed == 0 && captures[i].n_packets == 0)
			fprintf(stderr, "%s: holds no packets\n", captures[i].path);
		result |= failed;
	}
	return result;
}

// From the configuration to the outputs. EAL is initialised.
static int
run(struct replay *replay, const struct capture captures[], struct errors *errors)
{
	int result;

	if (create_engine(replay, errors) != 0 || compile_changes(replay, errors) != 0 ||
	    add_captures(replay, captures, errors) != 0)
		return -1;
	replay->output =
		output_open(&replay->options->outputs, engine_snapshot(replay->engine), errors);
	if (replay->output == NULL)
		return -1;
	drive(replay);
	if (output_is_seen(&replay->options->outputs) || isatty(STDERR_FILENO) == 1)
		offload_print(&replay->offload, stderr);
	result = output_close(replay->output, errors);
	if (output_is_idle(&replay->options->outputs) && (fflush(stdout) != 0 || ferror(stdout))) {
		errors_add(errors, "standard output", 0,
			   "the summary could not be written to its end");
		result = -1;
	}
	if (source_is_short(replay->source)) {
		errors_add(
			errors, NULL, 0,
			"a capture changed while it was replayed, or memory for packets ran out");
		result = -1;
	}
	return result;
}

int
replay_run(const struct config *config, const struct replay_options *options, struct errors *errors)
{
	struct capture *captures = calloc(options->n_captures, sizeof(*captures));
	struct replay *replay = calloc(1, sizeof(*replay));
	int result = -1;

	CONTRACT_MAIN_THREAD();
	CONTRACT(options->workers >= 1 && options->workers <= REPLAY_WORKERS_MAX);
	CONTRACT(options->burst >= 1 && options->burst <= BURST_MAX);
	CONTRACT(options->n_changes <= REPLAY_CHANGES_MAX);
	if (captures == NULL || replay == NULL) {
		errors_add(errors, NULL, 0, "no memory");
	} else if (open_captures(options, captures, errors) == 0) {
		replay->config = config;
		replay->options = options;
		if (files_allow(FILES_OPEN + options->n_captures, errors) == 0 &&
		    load_changes(replay, errors) == 0 && start_eal(replay, errors) == 0) {
			result = run(replay, captures, errors);
			for (unsigned int i = 0; i < options->n_changes; i++)
				change_forget(&replay->changes[i]);
			engine_destroy(replay->engine);
			source_destroy(replay->source);
			rte_eal_cleanup();
		}
	}
	for (unsigned int i = 0; captures != NULL && i < options->n_captures; i++)
		capture_close(&captures[i]);
	for (unsigned int i = 0; replay != NULL && i < options->n_changes; i++)
		change_fini(&replay->changes[i]);
	free(captures);
	free(replay);
	return result;
}
