// SPDX-License-Identifier: BSD-3-Clause
//
// pipeline_run below is the order of a packet's life; everything else is called from there.
#include "pipeline/pipeline.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "frag/frag.h"
#include "packet/parse.h"
#include "pipeline/steer.h"

#define FORGET_MAX 256 // connections that are looked at between two bursts

struct pipeline {
	const struct hash_secret *secret;
	struct ct *ct;
	struct steer *steer;
	struct frag_store *fragments;
	pipeline_loss_listener lost;
	void *context; // for the listener
	unsigned int worker;
	struct plan plan;
	uint32_t forget_cursor; // where the search for memos of the old numbers goes on
	struct pipeline_stats stats;
	struct cycles cycles;
};

// What became of the frames of a burst, until it is added to the statistics.
struct tally {
	uint32_t packets;
	uint32_t bytes;
	uint32_t classes[CLASS_COUNT];
};

// Counts a frame that met its fate, as far as that is known: what is accepted is still to be sent.
// What is rare is counted at once.
static inline void
count(struct pipeline_stats *stats, struct tally *tally, const struct rte_mbuf *mbuf,
      const struct pkt *pkt)
{
	tally->packets++;
	tally->bytes += mbuf->pkt_len;
	tally->classes[pkt->class]++;
	if (unlikely(pkt->fault != FAULT_NONE))
		stats->faults[pkt->fault]++;
	if (likely(pkt->verdict == VERDICT_ACCEPT))
		return;
	if (pkt->verdict == VERDICT_REJECT)
		stats->rejected++;
	else
		stats->dropped[pkt->reason]++;
}

// Counts every frame that a packet came in.
static inline void
count_frames(struct pipeline_stats *stats, struct tally *tally, const struct pkt *pkt)
{
	if (likely(pkt->fragments == NULL)) {
		count(stats, tally, pkt->mbuf, pkt);
		return;
	}
	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next)
		count(stats, tally, f->mbuf, pkt);
}

static void
add_tally(struct pipeline_stats *stats, const struct tally *tally)
{
	stats->packets += tally->packets;
	stats->bytes += tally->bytes;
	for (int class = 0; class < CLASS_COUNT; class ++)
		stats->classes[class] += tally->classes[class];
}

// Fragments were given up: a frag_listener.
static void
lose(void *context, struct fragment *fragments, enum reason reason)
{
	struct pipeline *pipeline = context;
	struct tally tally = {0};
	struct pkt pkt = {
		.fragments = fragments,
		.in_port = fragments->in_port,
		.dir = DIR_NONE,
		.chain = CHAIN_NONE,
		.rule = RULE_NONE,
	};

	pkt_drop(&pkt, reason);
	count_frames(&pipeline->stats, &tally, &pkt);
	add_tally(&pipeline->stats, &tally);
	if (pipeline->lost != NULL)
		pipeline->lost(pipeline->context, &pkt);
	frag_free(fragments);
}

static struct frag_store *
create_store(struct pipeline *pipeline, const struct pipeline_config *config)
{
	struct frag_config store = {
		.params = &config->snapshot->config->fragments,
		.secret = config->secret,
		.listener = lose,
		.context = pipeline,
		.worker = config->worker,
		.socket = config->socket,
	};

	return frag_create(&store);
}

uint64_t
pipeline_bytes_for(const struct frag_params *fragments, unsigned int n_counters)
{
	return bytes_of_object(sizeof(struct pipeline)) + frag_bytes_for(fragments) +
	       plan_bytes_for(n_counters);
}

struct pipeline *
pipeline_create(const struct pipeline_config *config)
{
	struct pipeline *pipeline = rte_zmalloc("pipeline", sizeof(*pipeline), RTE_CACHE_LINE_SIZE);

	if (pipeline == NULL)
		return NULL;
	pipeline->secret = config->secret;
	pipeline->ct = config->ct;
	pipeline->steer = config->steer;
	pipeline->worker = config->worker;
	pipeline->lost = config->lost;
	pipeline->context = config->context;
	pipeline->cycles.read = config->read_cycles;
	pipeline->fragments = create_store(pipeline, config);
	if (pipeline->fragments == NULL || !plan_init(&pipeline->plan, config->snapshot)) {
		pipeline_destroy(pipeline);
		return NULL;
	}
	return pipeline;
}

void
pipeline_destroy(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	frag_destroy(pipeline->fragments);
	plan_fini(&pipeline->plan);
	rte_free(pipeline);
}

// Before numbers of generations are used again, nobody remembers them. Returns true when that is
// so; it takes several calls.
static bool
forget_numbers(struct pipeline *pipeline, const struct memos *next)
{
	uint16_t low, high;

	return !memos_enter_half(&pipeline->plan.memos, next, &low, &high) ||
	       ct_forget_verdicts(pipeline->ct, &pipeline->forget_cursor, FORGET_MAX, low, high);
}

bool
pipeline_take(struct pipeline *pipeline, struct plan *plan)
{
	const struct config *config = plan->snapshot->config;
	struct plan old = pipeline->plan;

	if (!forget_numbers(pipeline, &plan->memos))
		return false;
	pipeline->plan = *plan;
	*plan = old;
	ct_set_params(pipeline->ct, &config->conntrack);
	frag_set_params(pipeline->fragments, &config->fragments);
	return true;
}

// What is not IP is none of the firewall's rules: the configuration has a word for each kind.
static void
judge_non_ip(struct pipeline *pipeline, struct pkt *pkt)
{
	enum non_ip kind = packet_non_ip(pkt);

	pipeline->stats.non_ip[kind]++;
	if (pipeline->plan.snapshot->config->non_ip[kind] == VERDICT_ACCEPT)
		pkt->verdict = VERDICT_ACCEPT;
	else
		pkt_drop(pkt, REASON_NOT_IP);
}

// True for what no rule can judge; what is malformed has no family.
static inline bool
is_unroutable(const struct pkt *pkt)
{
	return pkt->out_port == PORT_NONE || pkt->family == FAMILY_NONE;
}

static void
judge_unroutable(struct pipeline *pipeline, struct pkt *pkt)
{
	if (pkt->out_port == PORT_NONE)
		pkt_drop(pkt, REASON_NO_WIRE);
	else if (pkt->fault != FAULT_NONE)
		pkt_drop(pkt, REASON_MALFORMED);
	else
		judge_non_ip(pipeline, pkt);
}

static __rte_noinline void
judge_unroutable_burst(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		if (pkts[i]->verdict == VERDICT_PENDING && is_unroutable(pkts[i]))
			judge_unroutable(pipeline, pkts[i]);
	}
}

static unsigned int
n_frames(const struct pkt *pkt)
{
	unsigned int n = pkt->fragments == NULL;

	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next)
		n++;
	return n;
}

// Sends packets to their home. Returns how many, from the front; the others are dropped.
static uint16_t
send_home(struct pipeline *pipeline, unsigned int home, struct pkt *const pkts[], uint16_t n)
{
	unsigned int frames[BURST_MAX]; // of each packet, which is somebody else's once it is sent
	uint16_t n_sent;

	for (uint16_t i = 0; i < n; i++)
		frames[i] = n_frames(pkts[i]);
	n_sent = steer_send(pipeline->steer, home, pkts, n);
	for (uint16_t i = 0; i < n; i++) {
		if (i >= n_sent) {
			pkt_drop(pkts[i], REASON_HANDOFF_FULL);
			continue;
		}
		pipeline->stats.handed_over += frames[i];
		pkts[i]->mbuf = NULL;
		pkts[i]->fragments = NULL;
	}
	return n_sent;
}

// A datagram may turn out to have another home than its fragments. Returns true when it has left.
static bool
hand_over(struct pipeline *pipeline, struct pkt *pkt)
{
	unsigned int home;

	if (pipeline->steer == NULL)
		return false;
	home = steer_home(pipeline->steer, pkt, pipeline->worker);
	return home != pipeline->worker && send_home(pipeline, home, &pkt, 1) == 1;
}

// Packets of other workers leave the burst, those of each worker together.
static void
hand_over_burst(struct pipeline *pipeline, struct burst *burst)
{
	struct pkt *away[BURST_MAX];
	uint8_t homes[BURST_MAX];
	uint16_t n_away = 0, n_live = 0;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];
		unsigned int home = steer_home(pipeline->steer, pkt, pipeline->worker);

		if (home == pipeline->worker) {
			burst->live[n_live++] = pkt;
			continue;
		}
		homes[n_away] = (uint8_t)home;
		away[n_away++] = pkt;
	}
	burst->n_live = n_live;
	while (n_away > 0) {
		struct pkt *batch[BURST_MAX];
		uint8_t home = homes[0];
		uint16_t n = 0, n_rest = 0, n_sent;

		for (uint16_t i = 0; i < n_away; i++) {
			if (homes[i] == home) {
				batch[n++] = away[i];
			} else {
				homes[n_rest] = homes[i];
				away[n_rest++] = away[i];
			}
		}
		n_sent = send_home(pipeline, home, batch, n);
		burst->is_plain &= n_sent == n;
		for (uint16_t i = n_sent; i < n; i++)
			burst->live[burst->n_live++] = batch[i];
		n_away = n_rest;
	}
}

static void
parse(struct burst *burst)
{
	for (uint16_t i = 0; i < burst->n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst->pkts[i].mbuf, const void *));
	for (uint16_t i = 0; i < burst->n; i++) {
		packet_parse(&burst->pkts[i]);
		burst->live[i] = &burst->pkts[i];
	}
	burst->n_live = burst->n;
}

// What has been parsed is there already.
static __rte_noinline void
take_parsed(struct burst *burst)
{
	for (uint16_t i = 0; i < burst->n; i++)
		burst->live[i] = &burst->pkts[i];
	burst->n_live = burst->n;
}

// Finds out where packets leave, and which need a closer look.
static void
route(struct pipeline *pipeline, struct burst *burst)
{
	const uint8_t *peer = pipeline->plan.snapshot->peer;
	bool is_any_unroutable = false;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];

		if (pkt->in_port < PORTS_MAX)
			pkt->out_port = peer[pkt->in_port];
		if (likely(pkt->is_plain && pkt->out_port != PORT_NONE))
			continue;
		burst->has_fragments |= pkt_has_place(pkt);
		burst->is_plain = false;
		is_any_unroutable |= is_unroutable(pkt);
	}
	if (unlikely(is_any_unroutable))
		judge_unroutable_burst(pipeline, burst->live, burst->n_live);
}

static void
parse_and_steer(struct pipeline *pipeline, struct burst *burst)
{
	burst->has_fragments = false;
	burst->is_plain = true;
	if (likely(!burst->is_parsed))
		parse(burst);
	else
		take_parsed(burst);
	if (pipeline->steer != NULL)
		hand_over_burst(pipeline, burst);
	route(pipeline, burst);
}

// Runs the chains [first, last) over those of the packets that are still pending.
static void
run_chains(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n, unsigned int first,
	   unsigned int last)
{
	for (unsigned int chain = first; chain < last; chain++) {
		struct pkt *pending[BURST_MAX];
		uint16_t n_pending = 0;

		for (uint16_t i = 0; i < n; i++) {
			if (pkts[i]->verdict == VERDICT_PENDING)
				pending[n_pending++] = pkts[i];
		}
		if (n_pending == 0)
			return;
		ruleset_eval_burst(pipeline->plan.snapshot->ruleset, chain, pending, n_pending,
				   pipeline->plan.counters);
	}
}

// The first chains see the packets of this worker's ports and rings as they came; a datagram that
// another worker has put together has been there as fragments.
static void
run_early_chains(struct pipeline *pipeline, const struct burst *burst)
{
	struct pkt *pkts[BURST_MAX];
	uint16_t n = 0;

	if (pipeline->plan.early == 0)
		return;
	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->fragments == NULL)
			pkts[n++] = burst->live[i];
	}
	run_chains(pipeline, pkts, n, 0, pipeline->plan.early);
}

// Returns false when the fragment has left the burst, be it with its datagram.
static bool
add_fragment(struct pipeline *pipeline, struct pkt *pkt)
{
	switch (frag_add(pipeline->fragments, pkt)) {
	case FRAG_TAKEN:
		return false;
	case FRAG_COMPLETE:
		// Of an ICMP error only the whole tells where its home is.
		if (hand_over(pipeline, pkt))
			return false;
		judge_unroutable_burst(pipeline, &pkt, 1);
		return true;
	default:
		return true;
	}
}

// Fragments wait in the store; a complete datagram takes the place of its last one.
static void
defragment(struct pipeline *pipeline, struct burst *burst)
{
	uint16_t n = 0;

	if (!burst->has_fragments)
		return;
	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];
		bool can_wait = pkt_has_place(pkt) && pkt->fragments == NULL &&
				pkt->verdict == VERDICT_PENDING && !pkt->is_notrack;

		if (!can_wait || add_fragment(pipeline, pkt))
			burst->live[n++] = pkt;
	}
	burst->n_live = n;
}

// What is done with single packets, before connections. *pending is all that is left then, in
// order; room has place for a burst. Returns how many.
static uint16_t
prepare(struct pipeline *pipeline, struct burst *burst, struct pkt *room[],
	struct pkt *const **pending)
{
	uint16_t n_pending = 0;

	*pending = burst->live;
	if (burst->is_plain && pipeline->plan.stateless == 0)
		return burst->n_live;
	run_early_chains(pipeline, burst);
	defragment(pipeline, burst);
	run_chains(pipeline, burst->live, burst->n_live, pipeline->plan.early,
		   pipeline->plan.stateless);
	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->verdict == VERDICT_PENDING)
			room[n_pending++] = burst->live[i];
	}
	*pending = room;
	return n_pending;
}

// Runs the chains between conntrack and confirm over the packets, all pending, for which no answer
// is remembered.
static void
judge(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n)
{
	struct pkt *open[BURST_MAX];
	struct recalled recalled = {0};
	uint16_t n_open = 0;

	if (pipeline->plan.stateless == pipeline->plan.late)
		return;
	for (uint16_t i = 0; i < n; i++) {
		if (likely(pkts[i]->verdict == VERDICT_PENDING) &&
		    !memo_recall(&pipeline->plan.memos, pkts[i], &recalled,
				 pipeline->plan.counters)) {
			pkts[i]->n_trail = 0;
			open[n_open++] = pkts[i];
		}
	}
	recalled_count(&pipeline->plan.memos, &recalled, pipeline->plan.counters);
	if (n_open == 0)
		return;
	run_chains(pipeline, open, n_open, pipeline->plan.stateless, pipeline->plan.late);
	for (uint16_t i = 0; i < n_open; i++)
		memo_store(&pipeline->plan.memos, open[i]);
}

// The way behind the stateless chains, for packets that are still pending.
static void
track_and_judge(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n)
{
	uint16_t done;

	for (uint16_t begin = 0; begin < n; begin += done) {
		struct pkt *const *pass = pkts + begin;

		done = ct_track_burst(pipeline->ct, pass, n - begin, pipeline->plan.rules_do);
		cycles_end(&pipeline->cycles, CYCLES_CONNTRACK);
		judge(pipeline, pass, done);
		cycles_end(&pipeline->cycles, CYCLES_RULES);
		ct_confirm_burst(pipeline->ct, pass, done);
		run_chains(pipeline, pass, done, pipeline->plan.late, pipeline->plan.n_chains);
		ct_release_burst(pipeline->ct, pass, done);
		cycles_end(&pipeline->cycles, CYCLES_CONFIRM);
	}
}

// Nothing has spoken against the packet so far. Of a datagram only its fragments are left.
static inline void
finish(struct pipeline *pipeline, struct tally *tally, struct pkt *pkt)
{
	if (pkt->verdict == VERDICT_PENDING)
		pkt->verdict = VERDICT_ACCEPT;
	count_frames(&pipeline->stats, tally, pkt);
	if (unlikely(pkt->fragments != NULL)) {
		rte_pktmbuf_free(pkt->mbuf);
		pkt->mbuf = NULL;
	}
}

void
pipeline_run(struct pipeline *pipeline, struct burst *burst)
{
	struct pkt *room[BURST_MAX];
	struct pkt *const *pkts;
	struct tally tally = {0};
	uint16_t n;

	pipeline->cycles.packets += burst->n;
	cycles_begin(&pipeline->cycles);
	parse_and_steer(pipeline, burst);
	cycles_end(&pipeline->cycles, CYCLES_PARSE);
	n = prepare(pipeline, burst, room, &pkts);
	cycles_end(&pipeline->cycles, CYCLES_STATELESS);
	if (pipeline->plan.tracks)
		track_and_judge(pipeline, pkts, n);
	else
		run_chains(pipeline, pkts, n, pipeline->plan.stateless, pipeline->plan.n_chains);
	cycles_end(&pipeline->cycles, CYCLES_RULES);
	for (uint16_t i = 0; i < burst->n_live; i++)
		finish(pipeline, &tally, burst->live[i]);
	add_tally(&pipeline->stats, &tally);
	pipeline->stats.held = frag_held(pipeline->fragments);
	cycles_end(&pipeline->cycles, CYCLES_COUNT);
}

unsigned int
pipeline_expire(struct pipeline *pipeline, uint64_t now_ns, unsigned int max)
{
	unsigned int n = frag_expire(pipeline->fragments, tick_from_ns(now_ns), max);

	pipeline->stats.held = frag_held(pipeline->fragments);
	return n;
}

void
pipeline_end(struct pipeline *pipeline)
{
	frag_give_up_all(pipeline->fragments);
	pipeline->stats.held = 0;
}

void
pipeline_sent(struct pipeline *pipeline, unsigned int n)
{
	pipeline->stats.accepted += n;
}

void
pipeline_sent_burst(struct pipeline *pipeline, const struct burst *burst)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->verdict == VERDICT_ACCEPT)
			n += n_frames(burst->live[i]);
	}
	pipeline_sent(pipeline, n);
}

void
pipeline_refuse(struct pipeline *pipeline, struct pkt *pkt, enum reason reason)
{
	pkt_drop(pkt, reason);
	pipeline->stats.dropped[reason]++;
}

const struct snapshot *
pipeline_snapshot(const struct pipeline *pipeline)
{
	return pipeline->plan.snapshot;
}

struct ct *
pipeline_ct(const struct pipeline *pipeline)
{
	return pipeline->ct;
}

const struct pipeline_stats *
pipeline_stats(const struct pipeline *pipeline)
{
	return &pipeline->stats;
}

const struct rule_counter *
pipeline_rule_counters(const struct pipeline *pipeline)
{
	return pipeline->plan.counters;
}

struct cycles *
pipeline_cycles(struct pipeline *pipeline)
{
	return &pipeline->cycles;
}
