// SPDX-License-Identifier: BSD-3-Clause
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "packet/parse.h"
#include "util/mbuf.h"

void
reference_open(struct reference *reference, const struct path_options *options,
	       struct rule_counter counters[])
{
	struct path_options without_chains = *options;

	without_chains.chains = NULL;
	without_chains.n_chains = 0;
	path_open(&reference->path, &without_chains);
	reference->brute = (struct brute){
		.chains = options->chains,
		.n_chains = options->n_chains,
		.counters = counters,
	};
}

void
reference_close(struct reference *reference)
{
	path_close(&reference->path);
}

// The chains whose priority is in [from, to), as long as none refuses the packet.
static void
judge(struct brute *brute, int64_t from, int64_t to, struct pkt *pkt)
{
	for (unsigned int i = 0; i < brute->n_chains && pkt->verdict == VERDICT_PENDING; i++) {
		if (brute->chains[i].priority >= from && brute->chains[i].priority < to)
			brute_judge(brute, i, pkt);
	}
}

static void
track_and_judge(struct reference *reference, struct pkt *pkt)
{
	struct ct *ct = reference->path.ct;

	ct_track_burst(ct, &pkt, 1,
		       CT_RULES_SET_MARKS | CT_RULES_SET_HELPERS | CT_RULES_ASK_ACCOUNTS);
	judge(&reference->brute, PRIORITY_CONNTRACK, PRIORITY_CONFIRM, pkt);
	ct_confirm_burst(ct, &pkt, 1);
	judge(&reference->brute, PRIORITY_CONFIRM, INT64_MAX, pkt);
	ct_release_burst(ct, &pkt, 1);
}

struct pkt
reference_run(struct reference *reference, const struct arrival *arrival)
{
	static struct burst burst;
	struct path *path = &reference->path;
	struct pkt *pkt = &burst.pkts[0];

	path->now_ns += arrival->after_ns;
	burst_reset(&burst);
	burst_add(&burst, mbuf_from_frame(&arrival->frame), arrival->port, ++path->seq,
		  path->now_ns);
	pkt_begin(pkt);
	packet_parse(pkt);
	pkt->out_port = config_peer(&path->config, pkt->in_port);
	assert_true(pkt->family != FAMILY_NONE && pkt->out_port != PORT_NONE);
	assert_true(pkt->fault == FAULT_NONE || pkt->fault > FAULT_L3_LAST);
	judge(&reference->brute, INT64_MIN, PRIORITY_CONNTRACK, pkt);
	if (pkt->verdict == VERDICT_PENDING)
		track_and_judge(reference, pkt);
	if (pkt->verdict == VERDICT_PENDING)
		pkt->verdict = VERDICT_ACCEPT;
	burst_free(&burst);
	return *pkt;
}
