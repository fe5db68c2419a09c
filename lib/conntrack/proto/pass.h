// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that pass: of an established connection, with nothing about them that its tracker has to
// think about. One rule for each protocol that has any, for the lane and for the long way; it is
// here to be inlined by both. Private to conntrack.
//
// A rule does what check and track of the protocol would do and says so, as after CT_ACCEPT, when
// all that is left is to count the packet and to set the timeout. For any other packet nothing
// changes, and check and track decide.
#pragma once

#include <rte_udp.h>

#include "conntrack/proto/proto.h"
#include "packet/checksum.h"

// UDP has no more to say of a flow that is too young for a stream, as long as it has its place in
// the queue of those that were just used.
static inline bool
udp_is_young(const struct ct_conn *conn, tick_t now)
{
	return ticks_until(conn->stream_after, now) >= 0 &&
	       conn_is_queued(conn, CT_RANK_REPLIED, CT_TIMEOUT_UDP, now);
}

// A datagram of a stream, or of a young flow.
static __rte_always_inline uint32_t
udp_pass(const struct ct *ct, const struct ct_conn *conn, const struct rte_mbuf *mbuf,
	 const struct glance *glance, tick_t now)
{
	const struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(mbuf, const void *, glance->l4_off);
	const uint16_t len = rte_be_to_cpu_16(udp->dgram_len);
	enum ct_timeout timeout = CT_TIMEOUT_UDP_STREAM;

	if (unlikely(!conn_has(conn, CT_ASSURED))) {
		if (!udp_is_young(conn, now))
			return 0;
		timeout = CT_TIMEOUT_UDP;
	}
	if (unlikely(len != glance->l4_len) && (len < sizeof(*udp) || len > glance->l4_len))
		return 0;
	if (unlikely(!checksum_nic_says(mbuf, RTE_MBUF_F_RX_L4_CKSUM_GOOD)) &&
	    ct->params.checksum && udp->dgram_cksum != 0 && !checksum_glance_good(mbuf, glance))
		return 0;
	return ct->timeouts[timeout];
}

// Ticks that the connection lives from now on, 0 when the packet does not pass.
// => The connection has seen an answer. The packet is plain to a glance.
static __rte_always_inline uint32_t
proto_pass(const struct ct *ct, struct ct_conn *conn, const struct rte_mbuf *mbuf,
	   const struct glance *glance, enum dir dir, tick_t now)
{
	if (likely(conn_proto(conn) == PROTO_UDP))
		return udp_pass(ct, conn, mbuf, glance, now);
	return conn_proto(conn) == PROTO_TCP ? ct_tcp_pass(ct, conn, mbuf, glance, dir) : 0;
}
