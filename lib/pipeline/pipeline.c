// SPDX-License-Identifier: BSD-3-Clause
//
// What a pipeline is, and how a burst goes through the stages (pipeline_run); stages.c has them in
// a table. Here is the last of them, too, which counts.
#include "pipeline/pipeline.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "frag/frag.h"
#include "pipeline/answer.h"
#include "pipeline/stages.h"
#include "pipeline/state.h"

#define FORGET_MAX 256 // connections that are looked at between two bursts

// What became of the frames of a burst, until it is added to the statistics.
struct tally {
	uint32_t packets;
	uint32_t bytes;
	uint32_t classes[CLASS_COUNT];
};

// Counts a frame that has its verdict; what is accepted is still to be sent.
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

// Counts every frame that a datagram came in.
static void
count_fragments(struct pipeline_stats *stats, struct tally *tally, const struct pkt *pkt)
{
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
	count_fragments(&pipeline->stats, &tally, &pkt);
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
	       answers_bytes() + plan_bytes_for(n_counters);
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
	pipeline->tells = config->tells;
	pipeline->lost = config->lost;
	pipeline->context = config->context;
	pipeline->cycles.read = config->read_cycles;
	pipeline->fragments = create_store(pipeline, config);
	pipeline->answers = answers_create(config->secret, config->n_workers, config->socket);
	if (pipeline->fragments == NULL || pipeline->answers == NULL ||
	    !plan_init(&pipeline->plan, config->snapshot)) {
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
	emit_free(&pipeline->emit);
	answers_destroy(pipeline->answers);
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

// Answers the packets of the burst that a rule has rejected.
static __rte_noinline void
answer_burst(struct pipeline *pipeline, const struct burst *burst)
{
	const struct snapshot *snapshot = pipeline->plan.snapshot;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];

		if (pkt->verdict != VERDICT_REJECT)
			continue;
		answer_rejected(pipeline->answers, &snapshot->config->answers, snapshot->ruleset,
				pkt, &pipeline->emit);
		pipeline->stats.answers[pkt->answer]++;
		if (pkt->answer == ANSWER_NONE)
			pipeline->stats.unanswered[pkt->silence]++;
	}
}

// Nothing has spoken against the packet so far. Of a datagram only its fragments are left.
static inline void
finish(struct pipeline *pipeline, struct tally *tally, struct pkt *pkt)
{
	if (pkt->verdict == VERDICT_PENDING)
		pkt->verdict = VERDICT_ACCEPT;
	if (likely(pkt->fragments == NULL)) {
		count(&pipeline->stats, tally, pkt->mbuf, pkt);
		return;
	}
	count_fragments(&pipeline->stats, tally, pkt);
	rte_pktmbuf_free(pkt->mbuf);
	pkt->mbuf = NULL;
}

void
stage_forward(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	struct tally tally = {0};
	uint16_t n = burst->n_live;

	(void)step;
	if (unlikely(pipeline->plan.rejects))
		answer_burst(pipeline, burst);
	for (uint16_t i = 0; i < n; i++)
		finish(pipeline, &tally, burst->live[i]);
	add_tally(&pipeline->stats, &tally);
	pipeline->stats.held = frag_held(pipeline->fragments);
}

// Conntrack gets the packets that are still pending, in order.
static void
begin_passes(struct burst *burst)
{
	uint16_t n = 0;

	burst->pass = burst->live;
	burst->n_pass = 0;
	burst->n_rest = burst->n_live;
	if (likely(burst->is_plain))
		return;
	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->verdict == VERDICT_PENDING)
			burst->pending[n++] = burst->live[i];
	}
	burst->pass = burst->pending;
	burst->n_rest = n;
}

static inline void
walk(struct pipeline *pipeline, struct burst *burst, uint8_t first, uint8_t end)
{
	const struct step *steps = pipeline->plan.steps;

	for (const struct step *step = &steps[first]; step < &steps[end]; step++) {
		step->run(pipeline, burst, step);
		cycles_end(&pipeline->cycles, step->cycles);
	}
}

void
pipeline_run(struct pipeline *pipeline, struct burst *burst)
{
	const struct plan *plan = &pipeline->plan;

	if (unlikely(pipeline->emit.n > 0))
		emit_free(&pipeline->emit);
	pipeline->cycles.packets += burst->n;
	cycles_begin(&pipeline->cycles);
	walk(pipeline, burst, 0, plan->pass);
	if (plan->pass < plan->behind) {
		begin_passes(burst);
		while (burst->n_rest > 0)
			walk(pipeline, burst, plan->pass, plan->behind);
	}
	walk(pipeline, burst, plan->behind, plan->n_steps);
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

struct emit *
pipeline_emit(struct pipeline *pipeline)
{
	return &pipeline->emit;
}

void
pipeline_note_unsent(struct pipeline *pipeline, unsigned int n)
{
	pipeline->stats.unsent += n;
}

void
pipeline_sent(struct pipeline *pipeline, unsigned int n)
{
	pipeline->stats.accepted += n;
}

void
pipeline_sent_burst(struct pipeline *pipeline, const struct burst *burst)
{
	unsigned int n = burst->n_passed;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->verdict == VERDICT_ACCEPT)
			n += pkt_n_frames(burst->live[i]);
	}
	pipeline_sent(pipeline, n);
}

void
pipeline_refuse(struct pipeline *pipeline, enum reason reason)
{
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
