// SPDX-License-Identifier: BSD-3-Clause
//
// ICMP and ICMPv6 before any lookup, and errors that speak of a connection.
//
// An error quotes a packet. Inverted, the quoted tuple names the entry of the host that was
// answered; the error is related to that connection, in the direction of that entry, when it is
// addressed to the host that sent what it quotes. Who sends it does not matter: any router may.
// No tracker runs: nothing is refreshed or counted. What is inside the quotation beyond its tuple
// is not looked at.
#include "conntrack/conn.h"

#include "conntrack/proto/proto.h"
#include "packet/checksum.h"
#include "packet/parse.h"

#include <rte_ip.h>

#define ICMP_TYPE_MAX    18 // higher types were never in use (RFC 6918)
#define ICMPV6_REDIRECT  137
#define REDIRECT_MIN_LEN 40
#define ND_HOP_LIMIT     255 // proof that no router was crossed (RFC 4861, 8.1)

enum fault
ct_icmp_check(const struct ct *ct, const struct pkt *pkt)
{
	if (ct->params.checksum && !checksum_l4_good(pkt, pkt->l4_len))
		return FAULT_L4_CHECKSUM;
	if (pkt->family == FAMILY_IPV4 && pkt->icmp_type > ICMP_TYPE_MAX)
		return FAULT_ICMP_TYPE;
	return FAULT_NONE;
}

// A redirect must come from a neighbour's link-local address.
static bool
is_redirect_from_neighbour(const struct pkt *pkt)
{
	struct rte_ipv6_hdr room;
	const struct rte_ipv6_hdr *ip = pkt_bytes(pkt, pkt->l3_off, sizeof(room), &room);

	return ip != NULL && ip->hop_limits == ND_HOP_LIMIT && ip->src_addr[0] == 0xfe &&
	       (ip->src_addr[1] & 0xc0) == 0x80;
}

bool
ct_icmp_speaks_of_another(const struct pkt *pkt)
{
	if (pkt->family == FAMILY_IPV6 && pkt->icmp_type == ICMPV6_REDIRECT)
		return pkt->icmp_code == 0 && pkt->l4_len >= REDIRECT_MIN_LEN;
	return icmp_is_error(pkt);
}

bool
ct_set_error(struct ct *ct, struct pkt *pkt, enum fault fault)
{
	pkt->class = CLASS_INVALID;
	pkt->dir = DIR_NONE;
	pkt->fault = (uint8_t)fault;
	ct->stats.error++;
	return true;
}

// The tuple of the entry that the quoted packet belongs to, if the quotation has one. A tuple does
// not tell the version of GRE; one of another version has no ids, so it is completed only where
// the id it seems to have, 0, is that of a call.
static bool
read_quotation(const struct ct *ct, const struct pkt *pkt, struct tuple *entry)
{
	struct tuple inner;

	if (packet_parse_inner(pkt, &inner) != FAULT_NONE)
		return false;
	if (inner.proto == PROTO_GRE)
		ct_gre_complete(ct, &inner);
	if (!tuple_invert(&inner, entry))
		return false;
	ct_tuple_prepare(ct, entry);
	return true;
}

// An earlier packet of the burst has touched the entry, or maybe the key it has.
static bool
is_touched(const struct ct *ct, const struct tuple *entry, uint32_t hash)
{
	return ct_is_touched(ct, hash) ||
	       (entry->proto == PROTO_GRE && ct_is_touched(ct, hash_home(ct->secret, entry)));
}

bool
ct_track_related(struct ct *ct, struct pkt *pkt)
{
	struct tuple entry;
	struct flow_key key;
	struct ct_conn *conn;
	struct ct_wanted wanted;
	uint32_t found;

	if (pkt->icmp_type == ICMPV6_REDIRECT && pkt->family == FAMILY_IPV6 &&
	    !is_redirect_from_neighbour(pkt))
		return ct_set_error(ct, pkt, FAULT_ICMP_TYPE);
	if (!read_quotation(ct, pkt, &entry))
		return ct_set_error(ct, pkt, FAULT_ICMP_INNER);
	wanted.is_turned = key_from_tuple(&entry, &key);
	wanted.key = &key;
	wanted.hash = hash_key(ct->secret, &key);
	if (ct->touched.n > 0 && is_touched(ct, &entry, wanted.hash))
		return false;
	found = ct_table_lookup(ct->table, &wanted);
	conn = found == CT_TABLE_MISS ? NULL : &ct->conns[entry_slot(found)];
	if (conn == NULL || conn_is_expired(conn, pkt->now))
		return ct_set_error(ct, pkt, FAULT_ICMP_NO_CONNECTION);
	if (memcmp(&entry.dst, &pkt->tuple.dst, sizeof(entry.dst)) != 0)
		return ct_set_error(ct, pkt, FAULT_ICMP_NOT_SENDER);
	pkt->conn = conn;
	pkt->class = CLASS_RELATED;
	pkt->dir = entry_side(found);
	pkt->mark = conn->mark;
	pkt->helper = conn->helper;
	return true;
}
