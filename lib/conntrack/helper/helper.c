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
	if (helper == CT_HELPER_NONE || helpers[helper]->proto != conn_proto(conn))
		return;
	conn->helper = helper;
	*ct_helper_memory(ct, conn) = (union ct_helper_memory){0};
}

void
ct_helper_detach(struct ct *ct, const struct ct_conn *conn)
{
	if (conn->helper != CT_HELPER_NONE)
		ct_expect_forget(ct->expects, conn_slot(ct, conn));
}

void
ct_helper_end(struct ct *ct, const struct ct_conn *conn, uint64_t seq, uint64_t now_ns)
{
	if (conn->helper != CT_HELPER_NONE && helpers[conn->helper]->end != NULL)
		helpers[conn->helper]->end(ct, conn, seq, now_ns);
	ct_helper_detach(ct, conn);
}

bool
ct_helper_read(struct ct *ct, struct pkt *pkt)
{
	const struct ct_conn *conn = pkt->conn;

	// An ICMP error about the connection is none of its packets; a dying one has nothing to
	// announce.
	if (conn->helper == CT_HELPER_NONE || conn->life == CT_DYING || pkt->class == CLASS_RELATED)
		return true;
	return helpers[conn->helper]->read(ct, pkt->conn, pkt);
}
