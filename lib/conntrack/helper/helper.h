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
};

extern const struct ct_helper_ops ct_helper_ftp;
extern const struct ct_helper_ops ct_helper_tftp;

// The helper by its number (enum ct_helper), which is not CT_HELPER_NONE.
const struct ct_helper_ops *ct_helper_find(uint8_t helper);

// What FTP remembers of a control connection: where lines begin.
#define FTP_LINES 2
struct ct_ftp {
	uint32_t line_begins[DIR_COUNT][FTP_LINES]; // sequence numbers right behind a newline
	uint8_t n[DIR_COUNT];
};

// What the helper of a connection remembers, NULL when the connection has none.
struct ct_ftp *ct_helper_memory(struct ct *ct, const struct ct_conn *conn);
