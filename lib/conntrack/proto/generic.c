// SPDX-License-Identifier: BSD-3-Clause
//
// Protocols without a tracker of their own: one connection per tuple, kept while packets come.
#include "conntrack/proto/proto.h"

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	(void)conn;
	(void)pkt;
	*timeout = CT_TIMEOUT_GENERIC;
	return CT_ACCEPT;
}

const struct ct_proto ct_proto_generic = {.track = track};
