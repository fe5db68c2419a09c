// SPDX-License-Identifier: BSD-3-Clause
//
// What a protocol's tracker is. Private to conntrack.
//
// A tracker is a table of functions without state of its own; its state is in the connection
// (ct_conn.l4). The owner calls it for one packet at a time; the time is in the packet.
#pragma once

#include "conntrack/conn.h"

enum ct_result {
	CT_ACCEPT,  // the packet is valid: refresh the timeout, count it
	CT_IGNORE,  // the packet keeps its class, but changes nothing
	CT_INVALID, // the tracker refuses it; pkt.fault says why
	CT_FINISH,  // the packet is accepted and the connection ends
	CT_REOPEN,  // the connection ends and this packet begins another
};

struct ct_proto {
	// Faults of a packet that do not depend on its connection: lengths, checksum, flags. NULL:
	// none.
	enum fault (*check)(const struct ct *ct, const struct pkt *pkt);

	// Prepares a new connection for its first packet. Returns FAULT_NONE, or why this packet
	// cannot begin one. NULL: any packet can.
	enum fault (*begin)(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt);

	// Judges a packet of the connection. On CT_ACCEPT *timeout has been chosen.
	enum ct_result (*track)(struct ct *ct, struct ct_conn *conn, struct pkt *pkt,
				enum ct_timeout *timeout);

	// Both ends are told that the connection is over. Returns the timeout from now on. NULL:
	// the protocol cannot be reset.
	enum ct_timeout (*reset)(struct ct_conn *conn);

	// True if the connection is closing or closed: although assured, it may be evicted. NULL:
	// never.
	bool (*is_closing)(const struct ct_conn *conn);

	// The name that conntrack(8) prints for the connection's state. NULL: the protocol has no
	// states. Any thread: a reader may see a slot in the middle of a change, so the state may
	// be none of this protocol's, which has no name.
	const char *(*state_name)(const struct ct_conn *conn);
};

extern const struct ct_proto ct_proto_tcp;
extern const struct ct_proto ct_proto_udp;
extern const struct ct_proto ct_proto_udplite;
extern const struct ct_proto ct_proto_icmp;
extern const struct ct_proto ct_proto_icmpv6;
extern const struct ct_proto ct_proto_sctp;
extern const struct ct_proto ct_proto_dccp;
extern const struct ct_proto ct_proto_gre;
extern const struct ct_proto ct_proto_generic;

// The tracker of every protocol number, according to the parameters.
void ct_protos_fill(const struct ct_params *params, const struct ct_proto *protos[256]);

// TCP's part of proto_pass, see pass.h.
uint32_t ct_tcp_pass(const struct ct *ct, struct ct_conn *conn, const struct rte_mbuf *mbuf,
		     const struct glance *glance, enum dir dir);

// The timeouts of open connections follow those of the shard.
void ct_tcp_set_timeouts(struct ct *ct);

// The tracker of a protocol number; ct_proto_generic for protocols without their own.
static inline const struct ct_proto *
ct_proto_find(const struct ct *ct, uint8_t proto)
{
	return ct->protos[proto];
}

// Marks the connection as assured: it has carried traffic both ways and is no longer evicted early.
static inline void
conn_set_assured(struct ct_conn *conn)
{
	if ((conn->status & CT_ASSURED) == 0) {
		conn->status |= CT_ASSURED;
		conn->events |= CT_CHANGED_ASSURED;
	}
}

static inline bool
conn_has(const struct ct_conn *conn, enum ct_status bit)
{
	return (conn->status & bit) != 0;
}
