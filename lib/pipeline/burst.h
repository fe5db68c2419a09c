// SPDX-License-Identifier: BSD-3-Clause
//
// Up to 64 packets on their way through one worker.
//
// Life cycle: burst_reset, burst_add (or burst_add_parsed) for every packet received, pipeline_run,
// then whoever received them sends the accepted ones, taking their mbufs out, and calls burst_free
// for the others.
#pragma once

#include "base/contract.h"
#include "conntrack/conntrack.h"
#include "frag/frag.h"
#include "packet/packet.h"

struct burst {
	struct pkt pkts[BURST_MAX];
	struct rte_mbuf *passed[BURST_MAX]; // frames that have taken the lane, accepted
	uint8_t passed_to[BURST_MAX];       // the ports where they leave, unless all do at out_port
	struct pkt *live[BURST_MAX]; // the other packets, but those that are in the hands of others
	struct pkt
		*pending[BURST_MAX]; // those of the live ones that conntrack is to see, if not all
	struct pkt *const *pass;     // what conntrack has taken of them at once
	uint16_t n;
	uint16_t n_passed;
	uint16_t n_live;
	uint16_t n_pass;
	uint16_t n_rest;    // behind the pass
	uint8_t in_port;    // where all came in, PORT_NONE: not at one port
	uint8_t out_port;   // where all that have passed leave; PORT_NONE: see passed_to
	bool is_plain;      // all live packets are (pkt.is_plain), and pending
	bool has_fragments; // some packet has a place in a datagram
};

static inline void
burst_reset(struct burst *burst)
{
	burst->n = 0;
	burst->n_passed = 0;
	burst->n_live = 0;
}

// The packet was handed over, or waits for the rest of its datagram.
static inline bool
pkt_is_gone(const struct pkt *pkt)
{
	return pkt->mbuf == NULL && pkt->fragments == NULL;
}

// The frames that a packet came in.
static inline unsigned int
pkt_n_frames(const struct pkt *pkt)
{
	unsigned int n = pkt->fragments == NULL;

	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next)
		n++;
	return n;
}

// What is known about a packet when it comes.
static inline void
pkt_arrive(struct pkt *pkt, struct rte_mbuf *mbuf, uint8_t in_port, uint64_t seq, uint64_t now_ns)
{
	rte_prefetch0(rte_pktmbuf_mtod(mbuf, const void *));
	pkt->mbuf = mbuf;
	pkt->fragments = NULL;
	pkt->seq = seq;
	pkt->now_ns = now_ns;
	pkt->now = tick_from_ns(now_ns);
	pkt->in_port = in_port;
	pkt->is_fresh = true;
	pkt->is_parsed = false;
	pkt->is_looked_up = false;
}

// Nothing is known yet that the stages are to find out. => pkt_arrive came before.
static inline void
pkt_begin(struct pkt *pkt)
{
	// Field by field: clearing all of it would cost more than the look at the packet.
	pkt->out_port = PORT_NONE;
	pkt->verdict = VERDICT_PENDING;
	pkt->reason = REASON_DEFAULT;
	pkt->chain = CHAIN_NONE;
	pkt->rule = RULE_NONE;
	if (pkt->is_fresh)
		pkt->tuple.zone = 0;
	pkt->is_notrack = false;
	pkt->has_news = false;
	pkt->class = CLASS_NONE;
	pkt->dir = DIR_NONE;
	pkt->helper = 0;
	pkt->set_helper = 0;
	pkt->set_window = 0;
	pkt->mark = 0;
	pkt->conn = NULL;
	pkt->memo = NULL;
	pkt->n_trail = 0;
	pkt->conn_id = 0;
	pkt->ct_state = NULL;
	pkt->ct_deadline = 0;
	pkt->ct_status = 0;
	pkt->in_table = false;
}

// Both, for a packet that is in no burst yet.
static inline void
pkt_init(struct pkt *pkt, struct rte_mbuf *mbuf, uint8_t in_port, uint64_t seq, uint64_t now_ns)
{
	pkt_arrive(pkt, mbuf, in_port, seq, now_ns);
	pkt_begin(pkt);
}

static inline void
burst_note_port(struct burst *burst, uint8_t in_port)
{
	if (burst->n == 0)
		burst->in_port = in_port;
	else if (burst->in_port != in_port)
		burst->in_port = PORT_NONE;
}

// => The burst has room and now owns the mbuf, whose frame is on its way. seq is unique in the process.
static inline struct pkt *
burst_add(struct burst *burst, struct rte_mbuf *mbuf, uint8_t in_port, uint64_t seq,
	  uint64_t now_ns)
{
	struct pkt *pkt = &burst->pkts[burst->n];

	CONTRACT(burst->n < BURST_MAX);
	burst_note_port(burst, in_port);
	burst->n++;
	pkt_arrive(pkt, mbuf, in_port, seq, now_ns);
	return pkt;
}

// The same for a packet that was parsed (pkt_init, packet_parse) to know where it belongs: it is
// not parsed again.
static inline void
burst_add_parsed(struct burst *burst, const struct pkt *pkt)
{
	CONTRACT(burst->n < BURST_MAX && pkt->is_parsed);
	burst_note_port(burst, pkt->in_port);
	burst->pkts[burst->n++] = *pkt;
}

// Frees all mbufs that are still in the burst, also those of fragments, and empties it.
static inline void
burst_free(struct burst *burst)
{
	for (uint16_t i = 0; i < burst->n; i++) {
		rte_pktmbuf_free(burst->pkts[i].mbuf);
		frag_free(burst->pkts[i].fragments);
	}
	burst_reset(burst);
}
