// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/helper/helper.h"

static const struct ct_helper_ops *const helpers[CT_HELPER_COUNT] = {
	[CT_HELPER_FTP] = &ct_helper_ftp,
	[CT_HELPER_TFTP] = &ct_helper_tftp,
	[CT_HELPER_PPTP] = &ct_helper_pptp,
};

void
ct_helper_attach(struct ct *ct, struct ct_conn *conn, uint8_t helper)
{
	if (helper == CT_HELPER_NONE || helpers[helper]->proto != conn_proto(conn) ||
	    ct->n_helper_free == 0)
		return;
	conn->helper = helper;
	conn->helper_memory = (uint16_t)ct->helper_free[--ct->n_helper_free];
	ct->helper_memory[conn->helper_memory] = (union ct_helper_memory){0};
}

void
ct_helper_detach(struct ct *ct, struct ct_conn *conn)
{
	if (conn->helper == CT_HELPER_NONE)
		return;
	ct_expect_forget(ct->expects, conn_slot(ct, conn));
	ct->helper_free[ct->n_helper_free++] = conn->helper_memory;
	conn->helper_memory = HELPED_NONE;
}

void
ct_helper_end(struct ct *ct, struct ct_conn *conn, uint64_t seq, uint64_t now_ns)
{
	if (conn->helper == CT_HELPER_NONE)
		return;
	if (helpers[conn->helper]->end != NULL)
		helpers[conn->helper]->end(ct, conn, seq, now_ns);
	ct_helper_detach(ct, conn);
}

bool
ct_helper_read(struct ct *ct, struct pkt *pkt)
{
	// An ICMP error about the connection is none of its packets; a dying one has nothing to
	// announce.
	if (pkt->conn->helper_memory == HELPED_NONE || pkt->class == CLASS_RELATED)
		return true;
	return helpers[pkt->conn->helper]->read(ct, pkt->conn, pkt);
}
