// SPDX-License-Identifier: BSD-3-Clause
//
// UDP (RFC 768) and UDP-Lite (RFC 3828). A question and its answer are soon forgotten; a flow that
// goes on both ways becomes a stream, with a longer timeout and assured. UDP waits two seconds
// before it believes in a stream, so that a slow DNS answer is none.
#include "conntrack/proto/proto.h"

#include <rte_udp.h>

#include "packet/checksum.h"

#define STREAM_AFTER_SEC 2

static const struct rte_udp_hdr *
header(const struct pkt *pkt, struct rte_udp_hdr *room)
{
	return pkt_l4(pkt, sizeof(*room), room);
}

static inline enum fault
check_udp(const struct ct *ct, const struct pkt *pkt)
{
	struct rte_udp_hdr room;
	const struct rte_udp_hdr *udp = header(pkt, &room);
	uint16_t len;

	if (udp == NULL)
		return FAULT_L4_SHORT;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (len < sizeof(*udp) || len > pkt->l4_len)
		return FAULT_L4_LENGTH;
	// No checksum is accepted in IPv6 too (RFC 6935).
	if (ct->params.checksum && udp->dgram_cksum != 0 && !checksum_l4_good(pkt, pkt->l4_len))
		return FAULT_L4_CHECKSUM;
	return FAULT_NONE;
}

// The length field of UDP-Lite is the part the checksum covers; 0 is all of it.
static enum fault
check_udplite(const struct ct *ct, const struct pkt *pkt)
{
	struct rte_udp_hdr room;
	const struct rte_udp_hdr *udp = header(pkt, &room);
	uint16_t coverage;

	if (udp == NULL)
		return FAULT_L4_SHORT;
	coverage = rte_be_to_cpu_16(udp->dgram_len);
	if (coverage == 0)
		coverage = pkt->l4_len;
	if (coverage < sizeof(*udp) || coverage > pkt->l4_len)
		return FAULT_L4_LENGTH;
	if (udp->dgram_cksum == 0)
		return FAULT_L4_CHECKSUM;
	if (ct->params.checksum && !checksum_l4_good(pkt, coverage))
		return FAULT_L4_CHECKSUM;
	return FAULT_NONE;
}

static enum fault
begin(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	(void)ct;
	conn->stream_after = pkt->now + ticks_from_sec(STREAM_AFTER_SEC);
	return FAULT_NONE;
}

static enum ct_result
track_stream(struct ct_conn *conn, bool is_stream, enum ct_timeout *timeout)
{
	if (conn_has(conn, CT_SEEN_REPLY) && is_stream) {
		*timeout = CT_TIMEOUT_UDP_STREAM;
		conn_set_assured(conn);
	} else {
		*timeout = CT_TIMEOUT_UDP;
	}
	return CT_ACCEPT;
}

static enum ct_result
track_udp(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	// Once it is a stream it stays one, however often ticks wrap.
	bool is_stream =
		conn_has(conn, CT_ASSURED) || ticks_until(conn->stream_after, pkt->now) < 0;

	return track_stream(conn, is_stream, timeout);
}

static enum ct_result
track_udplite(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	(void)pkt;
	return track_stream(conn, true, timeout);
}

const struct ct_proto ct_proto_udp = {
	.check = check_udp,
	.begin = begin,
	.track = track_udp,
};
const struct ct_proto ct_proto_udplite = {.check = check_udplite, .track = track_udplite};
