// SPDX-License-Identifier: BSD-3-Clause
//
// GRE: a stream, and assured, as soon as a packet follows the first reply.
#include "conntrack/proto/proto.h"

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, uint32_t *timeout)
{
	(void)pkt;
	if (conn_has(conn, CT_SEEN_REPLY)) {
		*timeout = ct->timeouts[CT_TIMEOUT_GRE_STREAM];
		conn_set_assured(conn);
	} else {
		*timeout = ct->timeouts[CT_TIMEOUT_GRE];
	}
	return CT_ACCEPT;
}

const struct ct_proto ct_proto_gre = {.track = track};
