// SPDX-License-Identifier: BSD-3-Clause
//
// What a helper is. Private to conntrack.
//
// A helper reads the packets of a control connection and announces connections that result from it.
// A rule attaches it (set_helper) before the control connection is confirmed, never a port alone.
// It runs right before confirm, for accepted packets only.
#pragma once

#include "conntrack/conn.h"

struct ct_helper_ops {
	uint8_t proto; // connections it can be attached to
	// Returns false if the packet must be dropped: its announcement could not be parsed or
	// expected, and letting it pass would announce a connection that is then refused.
	bool (*read)(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt);
	// Ends everything that depends on the control connection, which is dying. seq and now_ns as
	// in ct_conn_kill. NULL: only expectations depend on it.
	void (*end)(struct ct *ct, const struct ct_conn *conn, uint64_t seq, uint64_t now_ns);
};

extern const struct ct_helper_ops ct_helper_ftp;
extern const struct ct_helper_ops ct_helper_tftp;
extern const struct ct_helper_ops ct_helper_pptp;

// The state of FTP for a control connection: where lines begin.
#define FTP_LINES 2
struct ct_ftp {
	uint32_t line_begins[DIR_COUNT][FTP_LINES]; // sequence numbers right after a newline
	uint8_t n[DIR_COUNT];
};

// The state of PPTP: the progress of both sides, and the call that GRE knows.
struct ct_pptp {
	struct ct_gre_call call;
	uint16_t id[DIR_COUNT]; // the last call id from each side, by the direction it sends in
	uint8_t session;        // enum session
	uint8_t progress;       // enum progress, of the last call
};

union ct_helper_memory {
	struct ct_ftp ftp;
	struct ct_pptp pptp;
};

// The state of the connection's helper. Every connection has room for it, so a client that opens
// many takes nothing from others.
// => The connection has a helper.
static inline union ct_helper_memory *
ct_helper_memory(struct ct *ct, const struct ct_conn *conn)
{
	return &ct->helper_memory[conn_slot(ct, conn)];
}
