// SPDX-License-Identifier: BSD-3-Clause
//
// The stages that judge: the chains, and conntrack with what it makes of their verdicts.
#include "pipeline/answer.h"
#include "pipeline/stages.h"
#include "pipeline/state.h"

// Runs the chains of the step over those of the packets that are still pending.
static void
run_chains(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n, const struct step *step)
{
	for (uint8_t i = 0; i < step->n_chains; i++) {
		struct pkt *pending[BURST_MAX];
		uint16_t n_pending = 0;

		for (uint16_t at = 0; at < n; at++) {
			if (pkts[at]->verdict == VERDICT_PENDING)
				pending[n_pending++] = pkts[at];
		}
		if (n_pending == 0)
			return;
		ruleset_eval_burst(pipeline->plan.snapshot->ruleset, step->first_chain + i, pending,
				   n_pending, pipeline->plan.counters);
	}
}

// The first chains see the packets of this worker's ports and rings as they came; a datagram that
// another worker has put together has been there as fragments.
void
stage_early_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	struct pkt *pkts[BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (burst->live[i]->fragments == NULL)
			pkts[n++] = burst->live[i];
	}
	run_chains(pipeline, pkts, n, step);
	burst->is_plain = false;
}

void
stage_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	run_chains(pipeline, burst->live, burst->n_live, step);
	burst->is_plain = false;
}

void
stage_late_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	run_chains(pipeline, burst->pass, burst->n_pass, step);
}

void
stage_conntrack(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	(void)step;
	burst->pass += burst->n_pass;
	burst->n_pass =
		ct_track_burst(pipeline->ct, burst->pass, burst->n_rest, pipeline->plan.rules_do);
	burst->n_rest -= burst->n_pass;
}

// The chains between conntrack and confirm are asked about the packets for which no answer is
// remembered.
void
stage_rules(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	struct pkt *const *pkts = burst->pass;
	struct pkt *open[BURST_MAX];
	struct recalled recalled = {0};
	uint16_t n = burst->n_pass, n_open = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (likely(pkts[i]->verdict == VERDICT_PENDING) &&
		    !memo_recall(&pipeline->plan.memos, pkts[i], &recalled,
				 pipeline->plan.counters)) {
			memo_ask(pkts[i]);
			open[n_open++] = pkts[i];
		}
	}
	recalled_count(&pipeline->plan.memos, &recalled, pipeline->plan.counters);
	if (n_open == 0)
		return;
	run_chains(pipeline, open, n_open, step);
	for (uint16_t i = 0; i < n_open; i++)
		memo_store(&pipeline->plan.memos, open[i]);
}

void
stage_confirm(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	(void)step;
	ct_confirm_burst(pipeline->ct, burst->pass, burst->n_pass);
}

// Connections of packets that are answered with a reset are closed.
static __rte_noinline void
reset_rejected(struct pipeline *pipeline, struct pkt *const pkts[], uint16_t n)
{
	const struct snapshot *snapshot = pipeline->plan.snapshot;

	for (uint16_t i = 0; i < n; i++) {
		if (pkts[i]->verdict == VERDICT_REJECT &&
		    answer_is_reset(&snapshot->config->answers, snapshot->ruleset, pkts[i]))
			ct_reset(pipeline->ct, pkts[i]);
	}
}

void
stage_release(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	(void)step;
	if (unlikely((pipeline->plan.rules_do & CT_RULES_RESET_ANY) != 0))
		reset_rejected(pipeline, burst->pass, burst->n_pass);
	ct_release_burst(pipeline->ct, burst->pass, burst->n_pass);
}
