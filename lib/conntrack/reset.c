// SPDX-License-Identifier: BSD-3-Clause
//
// A connection that the firewall itself ends, by the reset with which it refuses a packet. Only the
// packet's sender gets one; the other end finds out by its own next packet, so the connection stays
// for as long as a closed one does.
#include "conntrack/proto/proto.h"

void
ct_reset(struct ct *ct, struct pkt *pkt)
{
	struct ct_conn *conn = pkt->conn;
	const struct ct_proto *proto;
	enum ct_timeout timeout;

	if (conn == NULL || conn->life != CT_CONFIRMED)
		return;
	proto = ct_proto_find(ct, conn_proto(conn));
	if (proto->reset == NULL)
		return;
	timeout = proto->reset(conn);
	__atomic_store_n(&conn->deadline, pkt->now + ct->timeouts[timeout], __ATOMIC_RELAXED);
	ct_evict_move(ct, conn, ct_queue_of(CT_RANK_CLOSING, timeout));
	conn->queued_in = ct_queue_period(pkt->now);
	pkt->ct_state = ct_conn_state(ct, conn);
	pkt->ct_deadline = conn->deadline;
}
