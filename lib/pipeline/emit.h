// SPDX-License-Identifier: BSD-3-Clause
//
// Frames that the firewall itself sends, until the driver does.
//
// Life cycle: part of a pipeline, filled while a burst is judged, emptied behind it. Its worker
// only.
#pragma once

#include <rte_debug.h>
#include <rte_mbuf.h>

#include "pipeline/burst.h"

struct emission {
	struct rte_mbuf *mbuf; // owned
	uint64_t seq;          // of the packet that caused it
	uint8_t port;          // at which it leaves
};

struct emit {
	uint16_t n;
	struct emission list[BURST_MAX];
};

// => The list has room: a packet causes one frame at most. It owns the mbuf from now on.
static inline void
emit_add(struct emit *emit, struct rte_mbuf *mbuf, uint8_t port, uint64_t seq)
{
	RTE_ASSERT(emit->n < BURST_MAX);
	emit->list[emit->n++] = (struct emission){mbuf, seq, port};
}

// Whoever called has taken the mbufs.
static inline void
emit_reset(struct emit *emit)
{
	emit->n = 0;
}

// Frees what nobody has taken.
static inline void
emit_free(struct emit *emit)
{
	for (uint16_t i = 0; i < emit->n; i++)
		rte_pktmbuf_free(emit->list[i].mbuf);
	emit_reset(emit);
}
