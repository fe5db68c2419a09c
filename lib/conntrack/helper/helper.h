// SPDX-License-Identifier: BSD-3-Clause
//
// Private to conntrack: what a helper is.
//
// A helper reads the packets of one control connection and announces the connections that follow
// from it. It is attached by a rule (set_helper) before the control connection is confirmed, never
// by a port alone. It runs right before confirm, for accepted packets only.
#pragma once

#include "conntrack/conn.h"

struct ct_helper_ops {
	uint8_t proto; // connections it can be attached to
	// Returns false when the packet must be dropped: what it announces could not be understood
	// or expected, and letting it pass would announce a connection that is then refused.
	bool (*read)(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt);
	// Ends what cannot be without the control connection, which is dying. seq and now_ns as in
	// ct_conn_kill. NULL: nothing but expectations depends on it.
	void (*end)(struct ct *ct, const struct ct_conn *conn, uint64_t seq, uint64_t now_ns);
};

extern const struct ct_helper_ops ct_helper_ftp;
extern const struct ct_helper_ops ct_helper_tftp;
extern const struct ct_helper_ops ct_helper_pptp;

// What FTP remembers of a control connection: where lines begin.
#define FTP_LINES 2
struct ct_ftp {
	uint32_t line_begins[DIR_COUNT][FTP_LINES]; // sequence numbers right behind a newline
	uint8_t n[DIR_COUNT];
};

// What PPTP remembers: how far the two sides have come, and the call that is known to GRE.
struct ct_pptp {
	struct ct_gre_call call;
	uint16_t id[DIR_COUNT]; // call id that a side has named last, by the direction it sends in
	uint8_t session;        // enum session
	uint8_t progress;       // enum progress, of the last call
};

union ct_helper_memory {
	struct ct_ftp ftp;
	struct ct_pptp pptp;
};

// What the helper of a connection remembers. Every connection has room for that: who opens many of
// them takes nothing from others.
// => The connection has a helper.
static inline union ct_helper_memory *
ct_helper_memory(struct ct *ct, const struct ct_conn *conn)
{
	return &ct->helper_memory[conn_slot(ct, conn)];
}
