// SPDX-License-Identifier: BSD-3-Clause
//
// ICMP (RFC 792) and ICMPv6 (RFC 4443) queries and their answers. Errors never come here:
// related.c attaches them to the connection they speak of.
#include "conntrack/proto/proto.h"

// Types that ask a question and so may begin a connection.
static const bool icmp_asks[256] = {[8] = true, [13] = true, [15] = true, [17] = true};
static const bool icmpv6_asks[256] = {[128] = true, [139] = true};

static enum fault
begin_icmp(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	(void)ct;
	(void)conn;
	return icmp_asks[pkt->icmp_type] ? FAULT_NONE : FAULT_ICMP_TYPE;
}

static enum fault
begin_icmpv6(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	(void)ct;
	(void)conn;
	return icmpv6_asks[pkt->icmp_type] ? FAULT_NONE : FAULT_ICMP_TYPE;
}

static enum ct_result
track_icmp(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	(void)conn;
	(void)pkt;
	*timeout = CT_TIMEOUT_ICMP;
	return CT_ACCEPT;
}

static enum ct_result
track_icmpv6(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	(void)conn;
	(void)pkt;
	*timeout = CT_TIMEOUT_ICMPV6;
	return CT_ACCEPT;
}

const struct ct_proto ct_proto_icmp = {.begin = begin_icmp, .track = track_icmp};
const struct ct_proto ct_proto_icmpv6 = {.begin = begin_icmpv6, .track = track_icmpv6};
