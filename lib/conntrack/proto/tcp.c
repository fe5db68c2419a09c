// SPDX-License-Identifier: BSD-3-Clause
//
// TCP (RFC 9293) as connection tracking sees it: one state per connection, moved by the class of
// each packet and its direction. The transition table is the whole of the state machine; what a
// cell cannot say alone is a special rule, named in the cell and written below the table.
#include "conntrack/proto/tcp.h"

#include <string.h>

#include <rte_tcp.h>

#include "conntrack/proto/tcp_window.h"
#include "packet/checksum.h"

#define REFUSED_MIN_SEC 120 // what must be left before a refused FIN or RST shortens it

static const struct {
	const char *name;
	enum ct_timeout timeout;
	bool is_closing;
} states[TCP_STATE_COUNT] = {
	[TCP_NONE] = {"NONE", CT_TIMEOUT_TCP_SYN_SENT},
	[TCP_SYN_SENT] = {"SYN_SENT", CT_TIMEOUT_TCP_SYN_SENT},
	[TCP_SYN_RECV] = {"SYN_RECV", CT_TIMEOUT_TCP_SYN_RECV},
	[TCP_ESTABLISHED] = {"ESTABLISHED", CT_TIMEOUT_TCP_ESTABLISHED},
	[TCP_FIN_WAIT] = {"FIN_WAIT", CT_TIMEOUT_TCP_FIN_WAIT, true},
	[TCP_CLOSE_WAIT] = {"CLOSE_WAIT", CT_TIMEOUT_TCP_CLOSE_WAIT, true},
	[TCP_LAST_ACK] = {"LAST_ACK", CT_TIMEOUT_TCP_LAST_ACK, true},
	[TCP_TIME_WAIT] = {"TIME_WAIT", CT_TIMEOUT_TCP_TIME_WAIT, true},
	[TCP_CLOSE] = {"CLOSE", CT_TIMEOUT_TCP_CLOSE, true},
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

	return valid[flags & TCP_FLAGS_CHECKED];
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
	const struct rte_tcp_hdr *tcp = pkt_l4(pkt, sizeof(room), &room);
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

// => check has found nothing wrong with the packet, so its whole header is there.
static inline void
read_segment(const struct pkt *pkt, struct tcp_segment *segment)
{
	struct rte_tcp_hdr room;
	const struct rte_tcp_hdr *tcp = pkt_l4(pkt, sizeof(room), &room);
	unsigned int header_len = (tcp->data_off >> 4) * 4u;

	segment->seq = rte_be_to_cpu_32(tcp->sent_seq);
	segment->ack = rte_be_to_cpu_32(tcp->recv_ack);
	segment->end = segment->seq + pkt->l4_len - header_len +
		       ((tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0) +
		       ((tcp->tcp_flags & RTE_TCP_FIN_FLAG) != 0);
	segment->window = rte_be_to_cpu_16(tcp->rx_win);
	segment->flags = tcp->tcp_flags;
	segment->class = (uint8_t)classify(tcp->tcp_flags);
	segment->options_len = (uint8_t)(header_len - sizeof(*tcp));
	if (segment->options_len == 0)
		return;
	segment->options = pkt_bytes(pkt, pkt->l4_off + (uint32_t)sizeof(*tcp),
				     segment->options_len, segment->scratch);
	if (segment->options == NULL)
		segment->options_len = 0;
}

static enum fault
begin(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct tcp_segment segment;

	read_segment(pkt, &segment);
	if (transitions[DIR_ORIG][segment.class][TCP_NONE] == TCP_INVALID)
		return FAULT_TCP_STATE;
	if (segment.class != TCP_SYN && !ct->params.tcp_loose)
		return FAULT_TCP_PICKUP;
	tcp_window_begin(&conn->l4.tcp, &segment);
	return FAULT_NONE;
}

// A SYN on a finished connection begins another one when it was closed in order, or when the same
// side has just reset it.
static bool
may_reopen(const struct ct_tcp *tcp, enum dir dir)
{
	return ((tcp->side[DIR_ORIG].flags | tcp->side[DIR_REPLY].flags) & SIDE_CLOSED_FIRST) !=
		       0 ||
	       (tcp->last_class == TCP_RST && tcp->last_dir == dir);
}

// A SYN-ACK for a SYN that was let through without being believed: both hosts agree and only the
// filter was wrong, so take over what was remembered of that SYN.
static bool
resync(struct ct_tcp *tcp, const struct tcp_segment *segment, enum dir dir)
{
	struct ct_tcp_side *other = &tcp->side[dir_other(dir)];

	if (segment->class != TCP_SYNACK || tcp->last_class != TCP_SYN || tcp->last_dir == dir ||
	    segment->ack != tcp->last_end)
		return false;
	other->end = tcp->last_end;
	other->max_end = tcp->last_end;
	other->max_window = tcp->last_window == 0 ? 1 : tcp->last_window;
	other->scale = tcp->last_scale;
	other->flags = tcp->last_flags;
	tcp->expects_challenge = false;
	tcp->side[dir] = (struct ct_tcp_side){.flags = tcp->side[dir].flags & SIDE_IS_LIBERAL};
	return true;
}

// A segment that passes without being believed is remembered: what answers it may explain it.
static void
remember_ignored(struct ct_tcp *tcp, const struct tcp_segment *segment, enum dir dir)
{
	tcp->last_class = segment->class;
	tcp->last_dir = (uint8_t)dir;
	tcp->last_seq = segment->seq;
	tcp->last_end = segment->end;
	tcp->last_window = segment->window;
	if (segment->class == TCP_SYN && dir == DIR_ORIG) {
		struct ct_tcp_side offer = {0};

		tcp_read_syn_options(segment, &offer);
		tcp->last_scale = offer.scale;
		tcp->last_flags = offer.flags;
		tcp->is_simultaneous = false;
		// The other side may challenge it (RFC 5961, 4); in LAST_ACK that challenge
		// would look like the acknowledgement of the FIN.
		tcp->expects_challenge = tcp->state == TCP_LAST_ACK;
	}
	if (tcp->state == TCP_SYN_SENT && segment->class == TCP_ACK && dir == DIR_REPLY)
		tcp->last_ack = segment->ack;
}

// What to do with a RST before its window is looked at.
enum rst_ruling {
	RST_CHECK,   // let the window decide
	RST_BELIEVE, // whatever the window says
	RST_KEEP,    // in the window but not exact: the state stays, the window decides
	RST_REFUSE,
};

static bool
is_settled(const struct ct_conn *conn)
{
	return conn->l4.tcp.state == TCP_ESTABLISHED && conn_has(conn, CT_ASSURED);
}

// RFC 5961, 3.2: only a RST with exactly the expected number resets; one that is merely inside the
// window is answered by a challenge, so the connection may well live on.
static enum rst_ruling
rule_by_number(const struct ct *ct, const struct ct_conn *conn, const struct tcp_segment *segment,
	       enum dir dir)
{
	const struct ct_tcp *tcp = &conn->l4.tcp;
	const struct ct_tcp_side *other = &tcp->side[dir_other(dir)];

	// After a SYN was let through, the highest ACK may be of another connection.
	if ((other->flags & SIDE_HAS_MAX_ACK) == 0 || tcp->last_class == TCP_SYN)
		return RST_KEEP;
	if (segment->seq == 0 && !is_settled(conn))
		return RST_CHECK;
	if (seq_before(segment->seq, other->max_ack) && !ct->params.tcp_ignore_invalid_rst)
		return RST_REFUSE;
	if (!is_settled(conn) || segment->seq == other->max_ack)
		return RST_CHECK;
	// The end of a train of data.
	if (tcp->last_class == TCP_ACK && tcp->last_dir == dir && segment->seq == tcp->last_end)
		return RST_CHECK;
	return RST_KEEP;
}

// A RST that answers something which was let through without being believed.
static bool
answers_ignored(const struct ct_conn *conn, const struct tcp_segment *segment, enum dir dir)
{
	const struct ct_tcp *tcp = &conn->l4.tcp;

	if (((conn_has(conn, CT_SEEN_REPLY) && tcp->last_class == TCP_SYN &&
	      tcp->last_dir != dir) ||
	     (!conn_has(conn, CT_ASSURED) && tcp->last_class == TCP_ACK)) &&
	    segment->ack == tcp->last_end)
		return true;
	// The client's answer to a challenge of its SYN.
	return tcp->state == TCP_SYN_SENT && tcp->last_class == TCP_ACK &&
	       tcp->last_dir == DIR_REPLY && segment->seq == tcp->last_ack;
}

// Fixes what the table cannot say about a RST. Sets *new to the state it leads to.
static enum rst_ruling
rule_rst(const struct ct *ct, const struct ct_conn *conn, const struct tcp_segment *segment,
	 enum dir dir, enum tcp_state *new)
{
	const struct ct_tcp *tcp = &conn->l4.tcp;
	const struct ct_tcp_side *other = &tcp->side[dir_other(dir)];
	bool knows_ack = (other->flags & SIDE_HAS_MAX_ACK) != 0 && tcp->last_class != TCP_SYN;
	enum rst_ruling ruling;

	// A closing connection may be reused already; what is known about it is out of date.
	if (tcp->state >= TCP_FIN_WAIT && tcp->state <= TCP_CLOSE)
		return RST_BELIEVE;
	ruling = rule_by_number(ct, conn, segment, dir);
	if (ruling == RST_CHECK || ruling == RST_REFUSE)
		return ruling;
	if (knows_ack)
		*new = tcp->state;
	return answers_ignored(conn, segment, dir) ? RST_BELIEVE : RST_CHECK;
}

static inline bool
is_longer(const struct ct *ct, enum ct_timeout timeout, enum ct_timeout other)
{
	return ct->timeouts[timeout] > ct->timeouts[other];
}

// The timeout of an answered connection that is in this state now, by a segment of this class, with
// bits of enum tcp_haste.
static enum ct_timeout
choose_timeout(const struct ct *ct, enum tcp_state state, enum tcp_class class, unsigned int haste)
{
	enum ct_timeout timeout = states[state].timeout;
	bool is_limited = (haste & TCP_HASTE_UNACKED) != 0 &&
			  is_longer(ct, timeout, CT_TIMEOUT_TCP_UNACKNOWLEDGED);
	bool is_above_retrans = is_longer(ct, timeout, CT_TIMEOUT_TCP_MAX_RETRANS);

	// The first that applies; two of them lead to the same.
	if ((haste & TCP_HASTE_RETRANSMITTED) != 0 && is_above_retrans)
		return CT_TIMEOUT_TCP_MAX_RETRANS;
	if (class == TCP_RST)
		return CT_TIMEOUT_TCP_CLOSE;
	// The peer may take long to open it again.
	if ((haste & TCP_HASTE_CLOSED_WINDOW) != 0 && !is_limited)
		return is_above_retrans ? CT_TIMEOUT_TCP_MAX_RETRANS : timeout;
	return is_limited ? CT_TIMEOUT_TCP_UNACKNOWLEDGED : timeout;
}

// One side alone does not keep a connection for days.
static enum ct_timeout
limit_unanswered(const struct ct *ct, const struct ct_conn *conn, enum tcp_state state,
		 enum ct_timeout timeout)
{
	if (!conn_has(conn, CT_SEEN_REPLY) && state == TCP_ESTABLISHED &&
	    is_longer(ct, timeout, CT_TIMEOUT_TCP_UNACKNOWLEDGED))
		return CT_TIMEOUT_TCP_UNACKNOWLEDGED;
	return timeout;
}

void
ct_tcp_set_timeouts(struct ct *ct)
{
	for (unsigned int haste = 0; haste < TCP_HASTE_ALL; haste++)
		ct->tcp_open_ticks[haste] =
			ct->timeouts[choose_timeout(ct, TCP_ESTABLISHED, TCP_ACK, haste)];
}

static void
change_state(struct ct_conn *conn, enum tcp_state state, enum dir dir)
{
	struct ct_tcp *tcp = &conn->l4.tcp;

	if (tcp->state == state)
		return;
	if (state == TCP_FIN_WAIT)
		tcp->side[dir].flags |= SIDE_CLOSED_FIRST;
	tcp->state = (uint8_t)state;
	conn->events |= CT_CHANGED_STATE;
}

// A FIN or RST outside the window is refused. When both sides send one, the connection is most
// likely over all the same, and need not be kept for days.
static void
shorten_after_refusal(const struct ct *ct, struct ct_conn *conn, const struct tcp_segment *segment,
		      const struct pkt *pkt)
{
	struct ct_tcp *tcp = &conn->l4.tcp;
	uint32_t unacked = ct->timeouts[CT_TIMEOUT_TCP_UNACKNOWLEDGED];
	int32_t left = ticks_until(conn->deadline, pkt->now);

	if (!conn_has(conn, CT_ASSURED) || (segment->class != TCP_FIN && segment->class != TCP_RST))
		return;
	if (tcp->last_dir == pkt->dir ||
	    (tcp->last_class != TCP_FIN && tcp->last_class != TCP_RST)) {
		tcp->last_class = segment->class;
		tcp->last_dir = pkt->dir;
	} else if (left >= (int32_t)ticks_from_sec(REFUSED_MIN_SEC) && left > (int32_t)unacked) {
		__atomic_store_n(&conn->deadline, pkt->now + unacked, __ATOMIC_RELAXED);
	}
}

// The segment is believed: state, timeout and ASSURED follow.
static enum ct_result
accept(struct ct *ct, struct ct_conn *conn, enum tcp_class class, enum tcp_state new,
       const struct pkt *pkt, enum ct_timeout *timeout)
{
	struct ct_tcp *tcp = &conn->l4.tcp;
	enum tcp_state old = tcp->state;
	bool is_settling = old == TCP_SYN_RECV || old == TCP_ESTABLISHED;

	tcp->last_class = (uint8_t) class;
	tcp->last_dir = pkt->dir;
	change_state(conn, new, pkt->dir);
	*timeout =
		limit_unanswered(ct, conn, new, choose_timeout(ct, new, class, tcp_haste(ct, tcp)));
	if (conn_has(conn, CT_SEEN_REPLY)) {
		if (is_settling && new == TCP_ESTABLISHED)
			conn_set_assured(conn);
		return CT_ACCEPT;
	}
	if (class == TCP_RST)
		return CT_FINISH; // nobody has answered: there is no connection
	// A SYN sent again does not keep the connection alive.
	return class == TCP_SYN && old == TCP_SYN_SENT ? CT_IGNORE : CT_ACCEPT;
}

static enum ct_result
refuse(struct pkt *pkt, enum fault fault)
{
	pkt->fault = (uint8_t)fault;
	return CT_INVALID;
}

// What the cell of the table means where it cannot say it alone. Returns CT_ACCEPT when the window
// decides next, CT_FINISH when the segment is believed without it.
static enum ct_result
apply_special_rules(struct ct *ct, struct ct_conn *conn, const struct tcp_segment *segment,
		    enum dir dir, enum tcp_state *new)
{
	struct ct_tcp *tcp = &conn->l4.tcp;

	switch (*new) {
	case TCP_TIME_WAIT:
		if (tcp->state == TCP_LAST_ACK && segment->class == TCP_ACK &&
		    tcp->last_dir != dir && tcp->last_class == TCP_SYN && tcp->expects_challenge) {
			tcp->expects_challenge = false;
			return CT_IGNORE;
		}
		return CT_ACCEPT;
	case TCP_SYN_SENT2:
		tcp->is_simultaneous = true;
		return CT_ACCEPT;
	case TCP_SYN_RECV:
		if (dir == DIR_REPLY && segment->class == TCP_ACK && tcp->is_simultaneous)
			*new = TCP_ESTABLISHED;
		return CT_ACCEPT;
	case TCP_CLOSE:
		if (segment->class != TCP_RST)
			return CT_ACCEPT;
		switch (rule_rst(ct, conn, segment, dir, new)) {
		case RST_REFUSE:
			return CT_INVALID;
		case RST_BELIEVE:
			return CT_FINISH;
		default:
			return CT_ACCEPT;
		}
	default:
		return CT_ACCEPT;
	}
}

static enum ct_window
strictness(const struct ct *ct, const struct ct_conn *conn)
{
	return ct->params.tcp_be_liberal ? CT_WINDOW_LIBERAL : (enum ct_window)conn->window;
}

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	struct ct_tcp *tcp = &conn->l4.tcp;
	struct tcp_segment segment;
	enum dir dir = pkt->dir;
	enum tcp_state old = tcp->state;
	enum tcp_state new;
	enum ct_result result;

	read_segment(pkt, &segment);
	new = transitions[dir][segment.class][old];
	if (new == TCP_INVALID)
		return refuse(pkt, FAULT_TCP_STATE);
	if (new == TCP_SYN_SENT && old >= TCP_TIME_WAIT) {
		if (may_reopen(tcp, dir))
			return CT_REOPEN;
		new = TCP_IGNORE;
	}
	if (new == TCP_IGNORE) {
		if (!resync(tcp, &segment, dir)) {
			remember_ignored(tcp, &segment, dir);
			return CT_IGNORE;
		}
		old = TCP_SYN_SENT;
		new = TCP_SYN_RECV;
	}
	result = apply_special_rules(ct, conn, &segment, dir, &new);
	if (result == CT_INVALID)
		return refuse(pkt, FAULT_TCP_RST);
	if (result == CT_IGNORE)
		return CT_IGNORE;
	if (result == CT_ACCEPT) {
		switch (tcp_window_check(strictness(ct, conn), tcp, &segment, dir, old)) {
		case WINDOW_INVALID:
			shorten_after_refusal(ct, conn, &segment, pkt);
			return refuse(pkt, FAULT_TCP_WINDOW);
		case WINDOW_IGNORE:
			return CT_IGNORE;
		default:
			break;
		}
	}
	return accept(ct, conn, segment.class, new, pkt, timeout);
}

// The length of a header that has no option, or a time stamp only (RFC 7323, appendix A), as most
// segments do; 0 for any other.
static inline uint32_t
simple_header_len(const struct rte_mbuf *mbuf, const struct glance *glance,
		  const struct rte_tcp_hdr *tcp)
{
	static const uint8_t time_stamp[4] = {1, 1, 8, 10}; // NOP, NOP, kind and length
	const uint32_t len = sizeof(*tcp) + sizeof(time_stamp) + 2 * sizeof(uint32_t);

	if (tcp->data_off >> 4 == sizeof(*tcp) / 4)
		return sizeof(*tcp);
	if (tcp->data_off >> 4 != len / 4 || glance->l4_len < len ||
	    mbuf->data_len < glance->l4_off + len ||
	    memcmp(tcp + 1, time_stamp, sizeof(time_stamp)) != 0)
		return 0;
	return len;
}

// The segment is within all bounds, and the windows of both sides are brought up to date. Returns
// false, with nothing changed, when it is not, or nothing is known about its sender's window.
static inline bool
move_window(struct ct_tcp *tcp, const struct tcp_segment *segment, enum dir dir)
{
	struct ct_tcp_side *sender = &tcp->side[dir];
	struct ct_tcp_side *peer = &tcp->side[dir_other(dir)];
	const struct claim claim = {segment->seq, segment->end, segment->ack, segment->ack};
	struct kept kept = look_at_bounds(sender, peer, &claim);

	if (sender->max_window == 0 || !(kept.i & kept.ii & kept.iii & kept.iv))
		return false;
	update_sides(sender, peer, segment, &claim);
	count_retransmission(tcp, segment, &claim, dir);
	return true;
}

// Header prediction (Jacobson, "4BSD Header Prediction", 1990), for a filter: an ACK with or
// without data, on a connection that is open and assured, within all bounds.
uint32_t
ct_tcp_pass(const struct ct *ct, struct ct_conn *conn, const struct rte_mbuf *mbuf,
	    const struct glance *glance, enum dir dir)
{
	const struct rte_tcp_hdr *header =
		rte_pktmbuf_mtod_offset(mbuf, const void *, glance->l4_off);
	struct tcp_segment segment = {.flags = RTE_TCP_ACK_FLAG, .class = TCP_ACK};
	struct ct_tcp *tcp = &conn->l4.tcp;
	uint32_t header_len;

	if ((header->tcp_flags & TCP_FLAGS_CHECKED) != RTE_TCP_ACK_FLAG ||
	    tcp->state != TCP_ESTABLISHED || !conn_has(conn, CT_ASSURED))
		return 0;
	header_len = simple_header_len(mbuf, glance, header);
	if (unlikely(header_len == 0) ||
	    (!checksum_nic_says(mbuf, RTE_MBUF_F_RX_L4_CKSUM_GOOD) && ct->params.checksum &&
	     !checksum_glance_good(mbuf, glance)))
		return 0;
	segment.seq = rte_be_to_cpu_32(header->sent_seq);
	segment.ack = rte_be_to_cpu_32(header->recv_ack);
	segment.end = segment.seq + glance->l4_len - header_len;
	segment.window = rte_be_to_cpu_16(header->rx_win);
	if (unlikely(!move_window(tcp, &segment, dir)))
		return 0;
	tcp->last_class = TCP_ACK;
	return ct->tcp_open_ticks[tcp_haste(ct, tcp)];
}

static enum ct_timeout
reset(struct ct_conn *conn)
{
	conn->l4.tcp.state = TCP_CLOSE;
	return states[TCP_CLOSE].timeout;
}

static const char *
state_name(const struct ct_conn *conn)
{
	uint8_t state = conn->l4.tcp.state;

	return state < TCP_STATE_COUNT ? states[state].name : NULL;
}

static bool
is_closing(const struct ct_conn *conn)
{
	return states[conn->l4.tcp.state].is_closing;
}

const struct ct_proto ct_proto_tcp = {
	.check = check,
	.begin = begin,
	.track = track,
	.reset = reset,
	.is_closing = is_closing,
	.state_name = state_name,
};
