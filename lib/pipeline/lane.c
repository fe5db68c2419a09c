// SPDX-License-Identifier: BSD-3-Clause
//
// The lane: the short way of packets of established flows whose verdict is remembered. They pass in
// three steps, a burst at a time: a glance at the headers, a lookup, and one look at the
// connection (ct_pass_burst). All others take the stages, as all do without the lane, and nobody
// can tell from verdicts, counters or events whether there is one.
//
// What the lane may take follows from what is written elsewhere:
//
//   packet/glance.h          which headers: TCP and UDP with nothing unusual
//   conntrack/proto/pass.h   which packets of a connection: those that are no news to its tracker
//   pipeline/memo.h          which answers: those that rules would give to every such packet, as
//                            rules/match_keys.def says of each key
//   stage_rows               which stages: where one runs that the lane does not know, there is
//                            no lane
//
// A packet must not overtake one of its flow, nor be judged before one that may change its
// connection. So a packet of a flow that one in front has touched takes the stages too. A flow is
// touched by its packets, and by ICMP errors that quote one; of a fragment nobody knows the flow,
// so the lane ends there, as it does where new connections may evict others.
//
// Where nothing passes, as in a flood of new flows, the lane would be looked into in vain: after a
// burst of which no packet has passed some bursts go by it.
#include "packet/glance.h"
#include "packet/parse.h"
#include "pipeline/stages.h"
#include "pipeline/state.h"

#define REST_AFTER 16 // packets of which none has passed
#define REST       7  // bursts

// Packets that the glance could not make out are parsed here, for the sake of the flow that they
// touch.
static __rte_noinline void
look_closer(struct burst *burst, struct ct_lane *lane, uint64_t others)
{
	for (; others != 0; others &= others - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(others);
		struct pkt *pkt = &burst->pkts[i];
		struct tuple room;

		if (!pkt->is_parsed) {
			pkt_begin(pkt);
			packet_parse(pkt);
		}
		if (pkt_has_place(pkt) || pkt->fragments != NULL)
			lane->ends |= UINT64_C(1) << i;
		else if (pkt->has_tuple)
			(void)key_from_tuple(packet_home_tuple(pkt, &room), &lane->glances.keys[i]);
	}
}

// Packets of several ports. Returns those that have nowhere to go, a bit each.
static __rte_noinline uint64_t
find_ways(const uint8_t peer[PORTS_MAX], const struct burst *burst)
{
	uint64_t astray = 0;

	for (uint16_t i = 0; i < burst->n; i++)
		astray |= (uint64_t)(peer_of(peer, burst->pkts[i].in_port) == PORT_NONE) << i;
	return astray;
}

// Where packets leave, if at one port. Returns those that have nowhere to go.
static inline uint64_t
find_way(const uint8_t peer[PORTS_MAX], struct burst *burst)
{
	burst->out_port = peer_of(peer, burst->in_port);
	if (likely(burst->out_port != PORT_NONE))
		return 0;
	return burst->in_port == PORT_NONE ? find_ways(peer, burst) : UINT64_MAX;
}

// Somebody wants to read of every packet what the stages would have found out.
static __rte_noinline void
parse_all(struct burst *burst)
{
	for (uint16_t i = 0; i < burst->n; i++) {
		if (!burst->pkts[i].is_parsed) {
			pkt_begin(&burst->pkts[i]);
			packet_parse(&burst->pkts[i]);
		}
	}
}

static __rte_noinline void
tell(const struct pipeline *pipeline, struct burst *burst, const struct ct_lane *lane,
     uint64_t bits)
{
	const uint8_t *peer = pipeline->plan.snapshot->peer;

	for (; bits != 0; bits &= bits - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(bits);
		const uint32_t number = lane->outcomes[i] & ~(uint32_t)MEMO_PASSES;
		const struct outcome *outcome = &pipeline->plan.memos.outcomes[number];
		struct pkt *pkt = &burst->pkts[i];

		pkt->out_port = peer_of(peer, pkt->in_port);
		pkt->verdict = VERDICT_ACCEPT;
		pkt->reason = outcome->reason;
		pkt->chain = outcome->chain;
		pkt->rule = outcome->rule;
	}
}

// Takes those that have passed out of the burst. Returns their bytes.
static inline uint64_t
sort(struct pipeline *pipeline, struct burst *burst, const struct ct_lane *lane, uint64_t bits)
{
	const struct memos *memos = &pipeline->plan.memos;
	struct rule_counter *counters = pipeline->plan.counters;
	struct recalled recalled = {0};
	unsigned int n_passed = 0, n_live = 0;
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < burst->n; i++) {
		struct pkt *pkt = &burst->pkts[i];

		if (unlikely((bits >> i & 1) == 0)) {
			burst->live[n_live++] = pkt;
			continue;
		}
		burst->passed[n_passed++] = pkt->mbuf;
		bytes += pkt->mbuf->pkt_len;
		recalled_add(memos, &recalled, lane->outcomes[i] & ~(uint32_t)MEMO_PASSES,
			     lane->glances.at[i].l3_len, counters);
	}
	recalled_count(memos, &recalled, counters);
	burst->n_passed = (uint16_t)n_passed;
	burst->n_live = (uint16_t)n_live;
	return bytes;
}

// The ports where they leave, when these are several.
static __rte_noinline void
tell_ports(const uint8_t peer[PORTS_MAX], struct burst *burst, uint64_t bits)
{
	for (uint16_t k = 0; bits != 0; bits &= bits - 1)
		burst->passed_to[k++] = peer_of(peer, burst->pkts[__builtin_ctzll(bits)].in_port);
}

static void
count(struct pipeline_stats *stats, uint16_t n_passed, uint64_t bytes)
{
	stats->packets += n_passed;
	stats->lane += n_passed;
	stats->bytes += bytes;
	stats->classes[CLASS_ESTABLISHED] += n_passed;
}

void
stage_lane(struct pipeline *pipeline, struct burst *burst, const struct step *step)
{
	const uint8_t *peer = pipeline->plan.snapshot->peer;
	struct ct_lane lane;
	uint64_t all, passed;

	(void)step;
	if (burst->n == 0)
		return;
	if (pipeline->lane_rest > 0) {
		pipeline->lane_rest--;
		return;
	}
	all = UINT64_MAX >> (64 - burst->n);
	lane.pkts = burst->pkts;
	lane.n = burst->n;
	lane.generation = pipeline->plan.memos.generation;
	lane.facts = pipeline->plan.memos.established;
	lane.ends = 0;
	if (unlikely(pipeline->tells))
		parse_all(burst);
	lane.plain = packet_glance_burst(burst->pkts, burst->n, &lane.glances);
	if (unlikely(lane.plain != all))
		look_closer(burst, &lane, all & ~lane.plain);
	lane.plain &= ~find_way(peer, burst);
	passed = ct_pass_burst(pipeline->ct, &lane);
	count(&pipeline->stats, (uint16_t)__builtin_popcountll(passed),
	      sort(pipeline, burst, &lane, passed));
	if (unlikely(passed == 0) && burst->n >= REST_AFTER)
		pipeline->lane_rest = REST;
	if (unlikely(burst->out_port == PORT_NONE))
		tell_ports(peer, burst, passed);
	if (unlikely(pipeline->tells))
		tell(pipeline, burst, &lane, passed);
}
