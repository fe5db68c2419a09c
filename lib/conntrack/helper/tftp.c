// SPDX-License-Identifier: BSD-3-Clause
//
// TFTP (RFC 1350): the server answers a request from a port of its own choice.
#include "conntrack/helper/helper.h"

#include <rte_udp.h>

#include "conntrack/proto/proto.h"

#define OPCODE_READ  1
#define OPCODE_WRITE 2
#define TIMEOUT_SEC  300
#define MAX_EXPECTED 1

static bool
read_packet(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct ct_expectation wanted = {
		.master = conn_slot(ct, conn),
		.deadline = pkt->now + ticks_from_sec(TIMEOUT_SEC),
		.max_per_master = MAX_EXPECTED,
		.is_answered = conn_has(conn, CT_SEEN_REPLY),
	};
	uint8_t scratch[2];
	const uint8_t *opcode = pkt_bytes(pkt, pkt->l4_off + (uint32_t)sizeof(struct rte_udp_hdr),
					  sizeof(scratch), scratch);

	if (opcode == NULL || opcode[0] != 0 ||
	    (opcode[1] != OPCODE_READ && opcode[1] != OPCODE_WRITE))
		return true;
	// from the server, any port, to the client's port
	ct_conn_tuple(ct, conn, DIR_REPLY, &wanted.tuple);
	return ct_expect_add(ct->expects, &wanted, pkt->now);
}

const struct ct_helper_ops ct_helper_tftp = {.proto = PROTO_UDP, .read = read_packet};
