// SPDX-License-Identifier: BSD-3-Clause
//
// Private to conntrack: what a protocol's tracker is.
//
// A tracker is a table of functions and has no state of its own; what it remembers lies in the
// connection (ct_conn.l4). It is called by the owner, for one packet at a time, with the time in
// the packet.
#pragma once

#include "conntrack/conn.h"

enum ct_result {
	CT_ACCEPT,  // the packet belongs here: refresh the timeout, count it
	CT_IGNORE,  // it passes with its class, but changes nothing
	CT_INVALID, // the tracker refuses it; pkt.fault says why
	CT_FINISH,  // the packet is accepted and the connection is over
	CT_REOPEN,  // the connection is over and this packet begins another
};

struct ct_proto {
	// What can be wrong with a packet whatever its connection: lengths, checksum, flags.
	// NULL: nothing.
	enum fault (*check)(const struct ct *ct, const struct pkt *pkt);

	// Prepares a new connection for its first packet. Returns FAULT_NONE, or why this packet
	// cannot begin one. NULL: any packet can.
	enum fault (*begin)(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt);

	// The packet that nearly all are, of a connection that has seen an answer: does at once
	// what check and track would do and, as after CT_ACCEPT, returns true. Returns false, with
	// nothing changed, when it is not that packet: they are to be asked. NULL: always.
	bool (*pass)(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt,
		     enum ct_timeout *timeout);

	// Judges a packet of the connection. On CT_ACCEPT *timeout has been chosen.
	enum ct_result (*track)(struct ct *ct, struct ct_conn *conn, struct pkt *pkt,
				enum ct_timeout *timeout);

	// The connection is being closed, or was: though assured, it may be evicted. NULL: never.
	bool (*is_closing)(const struct ct_conn *conn);

	// The name conntrack(8) has for the connection's state. NULL: the protocol has no states.
	// Any thread: a reader may catch a slot in the middle of a change, so the state may be
	// none of this protocol's, which has no name.
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

// The tracker of every protocol number, as the parameters want it.
void ct_protos_fill(const struct ct_params *params, const struct ct_proto *protos[256]);

// The tracker of a protocol number; ct_proto_generic for those without one of their own.
static inline const struct ct_proto *
ct_proto_find(const struct ct *ct, uint8_t proto)
{
	return ct->protos[proto];
}

// The connection has carried traffic both ways and is not evicted early any more.
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
