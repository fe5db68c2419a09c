// SPDX-License-Identifier: BSD-3-Clause
//
// TCP (RFC 9293) as connection tracking sees it: one state per connection, moved by the class of
// each packet and its direction. The transition table is the whole of the state machine; what a
// cell cannot say alone is a special rule, named in the cell and written below the table.
#include "conntrack/proto/proto.h"

#include <rte_tcp.h>

#include "packet/checksum.h"

enum tcp_state {
	TCP_NONE,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_SYN_SENT2, // a SYN from both sides: simultaneous open
	TCP_STATE_COUNT,
	TCP_IGNORE,  // in the table: the packet passes and changes nothing
	TCP_INVALID, // in the table: the packet is refused
};

// What a packet is, by its flags.
enum tcp_class { TCP_SYN, TCP_SYNACK, TCP_FIN, TCP_ACK, TCP_RST, TCP_CLASS_COUNT };

// Bits of ct_tcp.flags, of the sender.
enum {
	SENDER_CLOSED_FIRST = 1 << 0, // sent the FIN that began the closing
	SENDER_LIBERAL = 1 << 1,      // picked up mid-stream: its window is not known
};

static const struct {
	const char *name;
	enum ct_timeout timeout;
} states[TCP_STATE_COUNT] = {
	[TCP_NONE] = {"NONE", CT_TIMEOUT_TCP_SYN_SENT},
	[TCP_SYN_SENT] = {"SYN_SENT", CT_TIMEOUT_TCP_SYN_SENT},
	[TCP_SYN_RECV] = {"SYN_RECV", CT_TIMEOUT_TCP_SYN_RECV},
	[TCP_ESTABLISHED] = {"ESTABLISHED", CT_TIMEOUT_TCP_ESTABLISHED},
	[TCP_FIN_WAIT] = {"FIN_WAIT", CT_TIMEOUT_TCP_FIN_WAIT},
	[TCP_CLOSE_WAIT] = {"CLOSE_WAIT", CT_TIMEOUT_TCP_CLOSE_WAIT},
	[TCP_LAST_ACK] = {"LAST_ACK", CT_TIMEOUT_TCP_LAST_ACK},
	[TCP_TIME_WAIT] = {"TIME_WAIT", CT_TIMEOUT_TCP_TIME_WAIT},
	[TCP_CLOSE] = {"CLOSE", CT_TIMEOUT_TCP_CLOSE},
	[TCP_SYN_SENT2] = {"SYN_SENT2", CT_TIMEOUT_TCP_SYN_SENT},
};

#define NO TCP_NONE
#define SS TCP_SYN_SENT
#define SR TCP_SYN_RECV
#define ES TCP_ESTABLISHED
#define FW TCP_FIN_WAIT
#define CW TCP_CLOSE_WAIT
#define LA TCP_LAST_ACK
#define TW TCP_TIME_WAIT
#define CL TCP_CLOSE
#define S2 TCP_SYN_SENT2
#define ig TCP_IGNORE
#define iv TCP_INVALID

// [direction][class][old state] -> new state.
// clang-format off
static const uint8_t transitions[DIR_COUNT][TCP_CLASS_COUNT][TCP_STATE_COUNT] = {
	[DIR_ORIG] = {
		//               NO  SS  SR  ES  FW  CW  LA  TW  CL  S2
		// A SYN begins or repeats the handshake; on a live connection it is ignored, the
		// other side will challenge it; on a finished one it begins another (reopen).
		[TCP_SYN] =    {SS, SS, ig, ig, ig, ig, ig, SS, SS, S2},
		// Only in a simultaneous open does the original side answer a SYN.
		[TCP_SYNACK] = {iv, iv, SR, iv, iv, iv, iv, iv, iv, SR},
		// The first FIN, the second FIN, a FIN sent again.
		[TCP_FIN] =    {iv, iv, FW, FW, LA, LA, LA, TW, CL, iv},
		// The third packet of the handshake; data; the answer to a FIN. Without a
		// connection: picked up mid-stream, if that is allowed.
		[TCP_ACK] =    {ES, iv, ES, ES, CW, CW, TW, TW, CL, iv},
		[TCP_RST] =    {iv, CL, CL, CL, CL, CL, CL, CL, CL, CL},
	},
	[DIR_REPLY] = {
		//               NO  SS  SR  ES  FW  CW  LA  TW  CL  S2
		// A SYN against a SYN is a simultaneous open; on a connection in TIME_WAIT it
		// begins one from the other side.
		[TCP_SYN] =    {iv, S2, iv, iv, iv, iv, iv, SS, iv, S2},
		// The answer to the SYN; later ones are old or forged and change nothing.
		[TCP_SYNACK] = {iv, SR, ig, ig, ig, ig, ig, ig, ig, SR},
		[TCP_FIN] =    {iv, iv, FW, FW, LA, LA, LA, TW, CL, iv},
		// An ACK against a SYN may be a challenge from an old connection.
		[TCP_ACK] =    {iv, ig, SR, ES, CW, CW, TW, TW, CL, ig},
		[TCP_RST] =    {iv, CL, CL, CL, CL, CL, CL, CL, CL, CL},
	},
};
// clang-format on

#undef NO
#undef SS
#undef SR
#undef ES
#undef FW
#undef CW
#undef LA
#undef TW
#undef CL
#undef S2
#undef ig
#undef iv

#define FLAGS_CHECKED                                                                              \
	(RTE_TCP_FIN_FLAG | RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG |               \
	 RTE_TCP_URG_FLAG)

// The combinations of flags that mean something; PSH, ECE and CWR may come with any of them.
static bool
flags_are_valid(uint8_t flags)
{
	static const bool valid[64] = {
		[RTE_TCP_SYN_FLAG] = true,
		[RTE_TCP_SYN_FLAG | RTE_TCP_URG_FLAG] = true,
		[RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG] = true,
		[RTE_TCP_RST_FLAG] = true,
		[RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG] = true,
		[RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG] = true,
		[RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_URG_FLAG] = true,
		[RTE_TCP_ACK_FLAG] = true,
		[RTE_TCP_ACK_FLAG | RTE_TCP_URG_FLAG] = true,
	};

	return valid[flags & FLAGS_CHECKED];
}

static enum tcp_class
classify(uint8_t flags)
{
	if ((flags & RTE_TCP_RST_FLAG) != 0)
		return TCP_RST;
	if ((flags & RTE_TCP_SYN_FLAG) != 0)
		return (flags & RTE_TCP_ACK_FLAG) != 0 ? TCP_SYNACK : TCP_SYN;
	return (flags & RTE_TCP_FIN_FLAG) != 0 ? TCP_FIN : TCP_ACK;
}

static enum fault
check(const struct ct *ct, const struct pkt *pkt)
{
	struct rte_tcp_hdr room;
	const struct rte_tcp_hdr *tcp = pkt_bytes(pkt, pkt->l4_off, sizeof(room), &room);
	unsigned int header_len;

	if (tcp == NULL)
		return FAULT_L4_SHORT;
	header_len = (tcp->data_off >> 4) * 4u;
	if (header_len < sizeof(*tcp) || header_len > pkt->l4_len)
		return FAULT_TCP_OFFSET;
	if (ct->params.checksum && !checksum_l4_good(pkt, pkt->l4_len))
		return FAULT_L4_CHECKSUM;
	return flags_are_valid(tcp->tcp_flags) ? FAULT_NONE : FAULT_TCP_FLAGS;
}

static enum fault
begin(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct ct_tcp *tcp = &conn->l4.tcp;
	enum tcp_class class = classify(pkt->tcp_flags);

	tcp->state = TCP_NONE;
	if (transitions[DIR_ORIG][class][TCP_NONE] == TCP_INVALID)
		return FAULT_TCP_STATE;
	if (class == TCP_SYN)
		return FAULT_NONE;
	if (!ct->params.tcp_loose)
		return FAULT_TCP_PICKUP;
	tcp->flags[DIR_ORIG] = SENDER_LIBERAL;
	tcp->flags[DIR_REPLY] = SENDER_LIBERAL;
	return FAULT_NONE;
}

// Section 4.8.1 of the behaviour: a SYN on a finished connection begins another one when that was
// closed in order, or the same side has just reset it.
static bool
may_reopen(const struct ct_tcp *tcp, enum dir dir)
{
	return ((tcp->flags[DIR_ORIG] | tcp->flags[DIR_REPLY]) & SENDER_CLOSED_FIRST) != 0 ||
	       (tcp->last_class == TCP_RST && tcp->last_dir == dir);
}

static void
remember_last(struct ct_tcp *tcp, enum tcp_class class, enum dir dir)
{
	tcp->last_class = (uint8_t)class;
	tcp->last_dir = (uint8_t)dir;
}

static uint32_t
choose_timeout(const struct ct *ct, const struct ct_conn *conn, enum tcp_state state)
{
	uint32_t timeout = ct->timeouts[states[state].timeout];

	// One side alone does not keep a connection for days.
	if (!conn_has(conn, CT_SEEN_REPLY) && state == TCP_ESTABLISHED)
		timeout = RTE_MIN(timeout, ct->timeouts[CT_TIMEOUT_TCP_UNACKNOWLEDGED]);
	return timeout;
}

static void
change_state(struct ct_conn *conn, enum tcp_state state, enum dir dir)
{
	struct ct_tcp *tcp = &conn->l4.tcp;

	if (tcp->state == state)
		return;
	if (state == TCP_FIN_WAIT)
		tcp->flags[dir] |= SENDER_CLOSED_FIRST;
	tcp->state = (uint8_t)state;
	conn->events |= CT_CHANGED_STATE;
}

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, uint32_t *timeout)
{
	struct ct_tcp *tcp = &conn->l4.tcp;
	enum dir dir = pkt->dir;
	enum tcp_class class = classify(pkt->tcp_flags);
	enum tcp_state old = tcp->state;
	enum tcp_state new = transitions[dir][class][old];

	if (new == TCP_INVALID) {
		pkt->fault = FAULT_TCP_STATE;
		return CT_INVALID;
	}
	if (new == TCP_SYN_SENT && (old == TCP_TIME_WAIT || old == TCP_CLOSE)) {
		if (may_reopen(tcp, dir))
			return CT_REOPEN;
		new = TCP_IGNORE;
	}
	remember_last(tcp, class, dir);
	if (new == TCP_IGNORE)
		return CT_IGNORE;
	change_state(conn, new, dir);
	*timeout = choose_timeout(ct, conn, new);
	if (class == TCP_RST && !conn_has(conn, CT_SEEN_REPLY))
		return CT_FINISH;
	if (old == TCP_SYN_SENT && new == TCP_SYN_SENT)
		return CT_IGNORE; // a SYN sent again keeps the connection no longer alive
	if (conn_has(conn, CT_SEEN_REPLY) && new == TCP_ESTABLISHED &&
	    (old == TCP_SYN_RECV || old == TCP_ESTABLISHED))
		conn_set_assured(conn);
	return CT_ACCEPT;
}

static const char *
state_name(const struct ct_conn *conn)
{
	return states[conn->l4.tcp.state].name;
}

const struct ct_proto ct_proto_tcp = {
	.check = check,
	.begin = begin,
	.track = track,
	.state_name = state_name,
};
