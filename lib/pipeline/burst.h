// SPDX-License-Identifier: BSD-3-Clause
//
// Up to 64 packets on their way through one worker.
//
// Life cycle: burst_reset, burst_add for every packet received, pipeline_run, then whoever received
// them sends the accepted ones, taking their mbufs out, and calls burst_free for the others.
#pragma once

#include "conntrack/conntrack.h"
#include "frag/frag.h"
#include "packet/packet.h"

#define BURST_MAX CT_BURST_MAX

struct burst {
	struct pkt pkts[BURST_MAX];
	struct pkt *live[BURST_MAX]; // those that no verdict or hand-off has taken out yet
	uint16_t n;
	uint16_t n_live;
};

static inline void
burst_reset(struct burst *burst)
{
	burst->n = 0;
	burst->n_live = 0;
}

// => The burst has room and now owns the mbuf. seq is unique in the process.
static inline void
burst_add(struct burst *burst, struct rte_mbuf *mbuf, uint8_t in_port, uint64_t seq,
	  uint64_t now_ns)
{
	burst->pkts[burst->n++] = (struct pkt){
		.mbuf = mbuf,
		.seq = seq,
		.now_ns = now_ns,
		.now = tick_from_ns(now_ns),
		.in_port = in_port,
		.out_port = PORT_NONE,
		.dir = DIR_NONE,
		.chain = CHAIN_NONE,
		.rule = RULE_NONE,
		.reason = REASON_DEFAULT,
	};
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
