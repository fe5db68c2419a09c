// SPDX-License-Identifier: BSD-3-Clause
//
// The stages up to conntrack but for their chains: bytes become packets, of this worker, whole,
// with a port to leave at.
#include "frag/frag.h"
#include "packet/parse.h"
#include "pipeline/stages.h"
#include "pipeline/state.h"
#include "pipeline/steer.h"

// No rule sees a frame that is not IP: the configuration says which kinds pass.
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

// Sends packets to their home. Returns how many, from the front; the others are dropped.
static uint16_t
send_home(struct pipeline *pipeline, unsigned int home, struct pkt *const pkts[], uint16_t n)
{
	unsigned int frames[BURST_MAX]; // of each packet, which is somebody else's once it is sent
	uint16_t n_sent;

	for (uint16_t i = 0; i < n; i++)
		frames[i] = pkt_n_frames(pkts[i]);
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

// Nobody has taken any away.
static void
take_all(struct burst *burst)
{
	for (uint16_t i = 0; i < burst->n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(burst->pkts[i].mbuf, const void *));
		burst->live[i] = &burst->pkts[i];
	}
	burst->n_live = burst->n;
}

void
stage_parse(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	(void)pipeline;
	(void)step;
	burst->has_fragments = false;
	burst->is_plain = true;
	if (burst->n_passed + burst->n_live == 0)
		take_all(burst);
	for (uint16_t i = 0; i < burst->n_live; i++) {
		if (!burst->live[i]->is_parsed) {
			pkt_begin(burst->live[i]);
			packet_parse(burst->live[i]);
		}
	}
}

// Finds out where packets leave, and which need a closer look.
static void
route(struct pipeline *pipeline, struct burst *burst)
{
	const uint8_t *peer = pipeline->plan.snapshot->peer;
	bool is_any_unroutable = false;

	for (uint16_t i = 0; i < burst->n_live; i++) {
		struct pkt *pkt = burst->live[i];

		pkt->out_port = peer_of(peer, pkt->in_port);
		if (likely(pkt->is_plain && pkt->out_port != PORT_NONE))
			continue;
		burst->has_fragments |= pkt_has_place(pkt);
		burst->is_plain = false;
		is_any_unroutable |= is_unroutable(pkt);
	}
	if (unlikely(is_any_unroutable))
		judge_unroutable_burst(pipeline, burst->live, burst->n_live);
}

void
stage_steer(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	(void)step;
	if (pipeline->steer != NULL)
		hand_over_burst(pipeline, burst);
	route(pipeline, burst);
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
void
stage_defrag(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	uint16_t n = 0;

	(void)step;
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
