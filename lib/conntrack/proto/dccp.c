// SPDX-License-Identifier: BSD-3-Clause
//
// DCCP (RFC 4340), tracked as kernels before 6.17 do: one state per connection, moved by the type
// of each packet and the role of its sender. Who sent the Request is the client.
#include "conntrack/proto/proto.h"

#include "packet/checksum.h"

enum dccp_state {
	DCCP_NONE,
	DCCP_REQUEST,
	DCCP_RESPOND,
	DCCP_PARTOPEN,
	DCCP_OPEN,
	DCCP_CLOSEREQ,
	DCCP_CLOSING,
	DCCP_TIMEWAIT,
	DCCP_STATE_COUNT,
	DCCP_IGNORE,  // in the table: the packet passes and changes nothing
	DCCP_INVALID, // in the table: the packet is refused
};

// RFC 4340, 5.1.
enum dccp_type {
	TYPE_REQUEST,
	TYPE_RESPONSE,
	TYPE_DATA,
	TYPE_ACK,
	TYPE_DATAACK,
	TYPE_CLOSEREQ,
	TYPE_CLOSE,
	TYPE_RESET,
	TYPE_SYNC,
	TYPE_SYNCACK,
	TYPE_COUNT,
};

enum dccp_role { ROLE_CLIENT, ROLE_SERVER, ROLE_COUNT };

#define HEADER_MIN 12
#define BIT(type)  (1u << (type))
#define LONG_TYPES                                                                                 \
	(BIT(TYPE_REQUEST) | BIT(TYPE_RESPONSE) | BIT(TYPE_CLOSEREQ) | BIT(TYPE_CLOSE) |           \
	 BIT(TYPE_RESET) | BIT(TYPE_SYNC) | BIT(TYPE_SYNCACK))

static const struct {
	const char *name;
	enum ct_timeout timeout;
	bool is_closing;
} states[DCCP_STATE_COUNT] = {
	[DCCP_NONE] = {"NONE", CT_TIMEOUT_DCCP_REQUEST},
	[DCCP_REQUEST] = {"REQUEST", CT_TIMEOUT_DCCP_REQUEST},
	[DCCP_RESPOND] = {"RESPOND", CT_TIMEOUT_DCCP_RESPOND},
	[DCCP_PARTOPEN] = {"PARTOPEN", CT_TIMEOUT_DCCP_PARTOPEN},
	[DCCP_OPEN] = {"OPEN", CT_TIMEOUT_DCCP_OPEN},
	[DCCP_CLOSEREQ] = {"CLOSEREQ", CT_TIMEOUT_DCCP_CLOSEREQ, true},
	[DCCP_CLOSING] = {"CLOSING", CT_TIMEOUT_DCCP_CLOSING, true},
	[DCCP_TIMEWAIT] = {"TIMEWAIT", CT_TIMEOUT_DCCP_TIMEWAIT, true},
};

#define RQ DCCP_REQUEST
#define RS DCCP_RESPOND
#define PO DCCP_PARTOPEN
#define OP DCCP_OPEN
#define CR DCCP_CLOSEREQ
#define CG DCCP_CLOSING
#define TW DCCP_TIMEWAIT
#define ig DCCP_IGNORE
#define iv DCCP_INVALID

// [role][type][old state] -> new state.
// clang-format off
static const uint8_t transitions[ROLE_COUNT][TYPE_COUNT][DCCP_STATE_COUNT] = {
	[ROLE_CLIENT] = {
		//                 NO  RQ  RS  PO  OP  CR  CG  TW
		// begins a connection, is sent again, or begins another
		[TYPE_REQUEST] =  {RQ, RQ, RS, ig, ig, ig, ig, RQ},
		// only servers respond: the roles may be the other way round
		[TYPE_RESPONSE] = {iv, ig, ig, ig, ig, ig, ig, iv},
		// a client acknowledges first
		[TYPE_DATA] =     {iv, iv, iv, iv, OP, CR, CG, iv},
		[TYPE_ACK] =      {iv, iv, PO, PO, OP, CR, CG, iv},
		[TYPE_DATAACK] =  {iv, iv, PO, PO, OP, CR, CG, iv},
		// only servers may ask to close
		[TYPE_CLOSEREQ] = {iv, iv, iv, iv, iv, iv, iv, iv},
		[TYPE_CLOSE] =    {iv, iv, iv, CG, CG, CG, iv, iv},
		[TYPE_RESET] =    {iv, TW, TW, TW, TW, TW, TW, ig},
		// sequence numbers are not tracked, so a Sync proves nothing
		[TYPE_SYNC] =     {iv, ig, ig, ig, ig, ig, ig, ig},
		[TYPE_SYNCACK] =  {iv, ig, ig, ig, ig, ig, ig, ig},
	},
	[ROLE_SERVER] = {
		//                 NO  RQ  RS  PO  OP  CR  CG  TW
		// the roles may be the other way round; after the end they are
		[TYPE_REQUEST] =  {iv, ig, ig, ig, ig, ig, ig, RQ},
		[TYPE_RESPONSE] = {iv, RS, RS, ig, ig, ig, ig, iv},
		[TYPE_DATA] =     {iv, iv, iv, OP, OP, iv, CG, iv},
		[TYPE_ACK] =      {iv, iv, iv, OP, OP, iv, CG, iv},
		[TYPE_DATAACK] =  {iv, iv, iv, OP, OP, iv, CG, iv},
		[TYPE_CLOSEREQ] = {iv, iv, iv, CR, CR, CR, CR, iv},
		[TYPE_CLOSE] =    {iv, iv, iv, CG, CG, iv, CG, iv},
		[TYPE_RESET] =    {iv, TW, TW, TW, TW, TW, TW, TW},
		[TYPE_SYNC] =     {iv, ig, ig, ig, ig, ig, ig, ig},
		[TYPE_SYNCACK] =  {iv, ig, ig, ig, ig, ig, ig, ig},
	},
};
// clang-format on

#undef RQ
#undef RS
#undef PO
#undef OP
#undef CR
#undef CG
#undef TW
#undef ig
#undef iv

// The header, as far as it is looked at.
struct header {
	uint64_t seq;
	uint64_t ack; // 0: the packet has none
	uint16_t checksum;
	uint8_t type;
	uint8_t data_off; // in words
	uint8_t coverage;
	bool is_long; // sequence numbers of 48 bits
};

static uint64_t
be48(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 6; i++)
		value = value << 8 | bytes[i];
	return value;
}

// Returns false when the packet is too short for its header.
static bool
read_header(const struct pkt *pkt, struct header *header)
{
	uint8_t scratch[24];
	const uint8_t *bytes = pkt_bytes(pkt, pkt->l4_off, HEADER_MIN, scratch);

	if (bytes == NULL)
		return false;
	*header = (struct header){
		.seq = (uint64_t)bytes[9] << 16 | bytes[10] << 8 | bytes[11],
		.checksum = (uint16_t)(bytes[6] << 8 | bytes[7]),
		.type = bytes[8] >> 1 & 0xf,
		.data_off = bytes[4],
		.coverage = bytes[5] & 0xf,
		.is_long = (bytes[8] & 1) != 0,
	};
	if (!header->is_long)
		return true;
	bytes = pkt_bytes(pkt, pkt->l4_off, 16, scratch);
	if (bytes == NULL)
		return false;
	header->seq = be48(bytes + 10);
	bytes = pkt_bytes(pkt, pkt->l4_off, 24, scratch);
	if (bytes != NULL && header->data_off >= 6)
		header->ack = be48(bytes + 18);
	return true;
}

// RFC 4340, 5.1, 9.1 and 9.2.
static enum fault
check(const struct ct *ct, const struct pkt *pkt)
{
	struct header header;
	uint32_t coverage = pkt->l4_len;

	if (!read_header(pkt, &header))
		return FAULT_L4_SHORT;
	if (header.data_off * 4u < HEADER_MIN || header.data_off * 4u > pkt->l4_len)
		return FAULT_DCCP_HEADER;
	if (header.coverage != 0)
		coverage = header.data_off * 4u + (header.coverage - 1u) * 4u;
	if (coverage > pkt->l4_len)
		return FAULT_DCCP_HEADER;
	if (ct->params.checksum && !checksum_l4_good(pkt, (uint16_t)coverage))
		return FAULT_L4_CHECKSUM;
	if (header.type >= TYPE_COUNT || ((LONG_TYPES & BIT(header.type)) != 0 && !header.is_long))
		return FAULT_DCCP_HEADER;
	return FAULT_NONE;
}

static enum fault
begin(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct ct_dccp *dccp = &conn->l4.dccp;
	struct header header;

	(void)ct;
	if (!read_header(pkt, &header) ||
	    transitions[ROLE_CLIENT][header.type][DCCP_NONE] == DCCP_INVALID)
		return FAULT_DCCP_STATE;
	dccp->role[DIR_ORIG] = ROLE_CLIENT;
	dccp->role[DIR_REPLY] = ROLE_SERVER;
	dccp->last_type = TYPE_COUNT;
	return FAULT_NONE;
}

static void
make_client(struct ct_dccp *dccp, enum dir dir)
{
	dccp->role[dir] = ROLE_CLIENT;
	dccp->role[dir_other(dir)] = ROLE_SERVER;
}

// What the cell of the table means where it cannot say it alone. Returns the new state.
static enum dccp_state
apply_special_rules(struct ct_conn *conn, const struct header *header, enum dir dir,
		    enum dccp_state new)
{
	struct ct_dccp *dccp = &conn->l4.dccp;

	switch (new) {
	case DCCP_REQUEST:
		// It begins again from the other side.
		if (dccp->state == DCCP_TIMEWAIT && dccp->role[dir] == ROLE_SERVER)
			make_client(dccp, dir);
		return new;
	case DCCP_RESPOND:
		if (dccp->state == DCCP_REQUEST)
			dccp->handshake_seq = header->seq;
		return new;
	case DCCP_PARTOPEN:
		if (dccp->state == DCCP_RESPOND && header->type == TYPE_ACK &&
		    header->ack == dccp->handshake_seq)
			conn_set_assured(conn);
		return new;
	case DCCP_IGNORE:
		// The answer to a Request that was let through without being believed: both hosts
		// agree, and only the filter was wrong.
		if (dccp->last_type == TYPE_REQUEST && dccp->last_dir != dir &&
		    header->type == TYPE_RESPONSE) {
			make_client(dccp, dir_other(dir));
			dccp->handshake_seq = header->seq;
			return DCCP_RESPOND;
		}
		return new;
	default:
		return new;
	}
}

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	struct ct_dccp *dccp = &conn->l4.dccp;
	enum dir dir = pkt->dir;
	struct header header;
	enum dccp_state new;

	pkt->fault = FAULT_DCCP_STATE;
	if (!read_header(pkt, &header))
		return CT_INVALID;
	*timeout = states[dccp->state].timeout;
	if (header.type == TYPE_RESET && !conn_has(conn, CT_SEEN_REPLY)) {
		pkt->fault = FAULT_NONE;
		return CT_FINISH;
	}
	new = transitions[dccp->role[dir]][header.type][dccp->state];
	if (new == DCCP_INVALID)
		return CT_INVALID;
	pkt->fault = FAULT_NONE;
	new = apply_special_rules(conn, &header, dir, new);
	dccp->last_dir = (uint8_t)dir;
	dccp->last_type = header.type;
	if (new == DCCP_IGNORE)
		return CT_IGNORE;
	if (dccp->state != new) {
		dccp->state = (uint8_t) new;
		conn->events |= CT_CHANGED_STATE;
	}
	*timeout = states[new].timeout;
	return CT_ACCEPT;
}

static const char *
state_name(const struct ct_conn *conn)
{
	uint8_t state = conn->l4.dccp.state;

	return state < DCCP_STATE_COUNT ? states[state].name : NULL;
}

static bool
is_closing(const struct ct_conn *conn)
{
	return states[conn->l4.dccp.state].is_closing;
}

const struct ct_proto ct_proto_dccp = {
	.check = check,
	.begin = begin,
	.track = track,
	.is_closing = is_closing,
	.state_name = state_name,
};
