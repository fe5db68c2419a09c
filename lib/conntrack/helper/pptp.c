// SPDX-License-Identifier: BSD-3-Clause
//
// PPTP (RFC 2637): a call is a tunnel in GRE between the two ends of the control connection. Each
// end names a call id, which the packets to it carry. Either side may call: the client asks and the
// server answers (outgoing call), or the server asks, the client answers and the server confirms
// (incoming call). Then both directions of the tunnel are expected, and GRE knows the two ids.
//
// As in the kernel a packet is read only where it begins with a message, one message of it, and
// there is one call per control connection at a time. A message that does not fit what came before
// it changes nothing; no packet is dropped. Any call that the server reports as disconnected ends
// the call, and so does the end of the control connection.
#include "conntrack/helper/helper.h"

#include <rte_tcp.h>

#define TIMEOUT_SEC  300
#define MAX_EXPECTED 2 // both directions of the call
#define MAGIC_COOKIE 0x1A2B3C4D
#define CONTROL      1 // PPTP message type: a control message
#define GRANTED      1 // result code of every reply
#define HEADER_LEN   12
#define MIN_LEN      16 // of any message
#define READ_LEN     20 // as much as is looked at

// Of the control connection.
enum session {
	SESSION_NONE,
	SESSION_REFUSED,
	SESSION_STOPPING,
	SESSION_REQUESTED,
	SESSION_OPEN,
};

// Of the last call.
enum progress {
	CALL_NONE,
	CALL_OUT_REQUESTED,
	CALL_OUT,
	CALL_IN_REQUESTED,
	CALL_IN_GRANTED,
	CALL_IN,
};

#define BIT(state) (1u << (state))
#define ANY        UINT8_MAX

// A message that is being read.
struct message {
	struct ct *ct;
	const struct ct_conn *conn;
	const struct pkt *pkt;
	struct ct_pptp *pptp;
	const uint8_t *body; // behind the header
};

static uint16_t
be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t
be32(const uint8_t *bytes)
{
	return (uint32_t)be16(bytes) << 16 | be16(bytes + 2);
}

// Where messages about a call have the id of the sender, that of the receiver, and a result.
static uint16_t
own_id(const struct message *message)
{
	return be16(message->body);
}

static uint16_t
peers_id(const struct message *message)
{
	return be16(message->body + 2);
}

static bool
is_call_granted(const struct message *message)
{
	return message->body[4] == GRANTED;
}

// The tunnel in this direction will come, if nothing else is expected there.
static bool
expect_direction(const struct message *message, enum dir dir)
{
	const uint16_t *id = message->pptp->id;
	struct ct_expectation wanted = {
		.master = conn_slot(message->ct, message->conn),
		.deadline = message->pkt->now + ticks_from_sec(TIMEOUT_SEC),
		.max_per_master = MAX_EXPECTED,
		.has_src_field = true,
		.is_either_way = true,
		.is_answered = true,
	};

	ct_conn_tuple(message->ct, message->conn, dir, &wanted.tuple);
	wanted.tuple.proto = PROTO_GRE;
	wanted.tuple.src_field = id[dir];
	wanted.tuple.dst_field = id[dir_other(dir)];
	return ct_expect_add(message->ct->expects, &wanted, message->pkt->now);
}

// The two sides agree on a call. One that comes while another goes on is none of ours.
static void
begin_call(const struct message *message)
{
	struct ct_pptp *pptp = message->pptp;

	if (pptp->call.is_mapped && memcmp(pptp->call.id, pptp->id, sizeof(pptp->id)) != 0)
		return;
	if (!expect_direction(message, DIR_ORIG) || !expect_direction(message, DIR_REPLY)) {
		ct_expect_forget(message->ct->expects, conn_slot(message->ct, message->conn));
		return;
	}
	if (!pptp->call.is_mapped)
		ct_gre_map(message->ct, message->conn, pptp->id);
}

// The tunnel ends at once, and none is expected any more.
static void
end_call(struct ct *ct, const struct ct_conn *conn, uint64_t seq, uint64_t now_ns)
{
	struct ct_gre_call *call = &ct_helper_memory(ct, conn)->pptp.call;
	struct ct_wanted wanted;
	struct flow_key key;
	struct tuple tuple;
	uint32_t entry;

	if (!call->is_mapped)
		return;
	ct_expect_forget(ct->expects, conn_slot(ct, conn));
	ct_gre_unmap(ct, conn);
	ct_conn_tuple(ct, conn, DIR_ORIG, &tuple);
	tuple.proto = PROTO_GRE;
	tuple.src_field = call->id[DIR_ORIG];
	tuple.dst_field = call->id[DIR_REPLY];
	wanted.is_turned = key_from_tuple(&tuple, &key);
	wanted.key = &key;
	wanted.hash = hash_key(ct->secret, &key);
	entry = ct_table_lookup(ct->table, &wanted);
	if (entry != CT_TABLE_MISS)
		ct_conn_kill(ct, &ct->conns[entry_slot(entry)], CT_END_HELPER, seq, now_ns);
}

static void
read_start_request(const struct message *message)
{
	message->pptp->session = SESSION_REQUESTED;
}

static void
read_start_reply(const struct message *message)
{
	message->pptp->session = message->body[2] == GRANTED ? SESSION_OPEN : SESSION_REFUSED;
}

static void
read_stop_request(const struct message *message)
{
	message->pptp->session = SESSION_STOPPING;
}

static void
read_stop_reply(const struct message *message)
{
	message->pptp->session = message->body[0] == GRANTED ? SESSION_NONE : SESSION_REFUSED;
}

static void
read_out_request(const struct message *message)
{
	message->pptp->progress = CALL_OUT_REQUESTED;
	message->pptp->id[DIR_ORIG] = own_id(message);
}

static void
read_out_reply(const struct message *message)
{
	struct ct_pptp *pptp = message->pptp;

	if (peers_id(message) != pptp->id[DIR_ORIG])
		return;
	pptp->progress = is_call_granted(message) ? CALL_OUT : CALL_NONE;
	if (pptp->progress == CALL_OUT) {
		pptp->id[DIR_REPLY] = own_id(message);
		begin_call(message);
	}
}

static void
read_in_request(const struct message *message)
{
	message->pptp->progress = CALL_IN_REQUESTED;
	message->pptp->id[DIR_REPLY] = own_id(message);
}

static void
read_in_reply(const struct message *message)
{
	struct ct_pptp *pptp = message->pptp;

	if (peers_id(message) != pptp->id[DIR_REPLY])
		return;
	pptp->progress = is_call_granted(message) ? CALL_IN_GRANTED : CALL_NONE;
	if (pptp->progress == CALL_IN_GRANTED)
		pptp->id[DIR_ORIG] = own_id(message);
}

// It has one id only, the client's.
static void
read_in_connected(const struct message *message)
{
	if (own_id(message) != message->pptp->id[DIR_ORIG])
		return;
	message->pptp->progress = CALL_IN;
	begin_call(message);
}

// The client hangs up; the tunnel is over when the server says so.
static void
read_clear_request(const struct message *message)
{
	message->pptp->progress = CALL_NONE;
}

static void
read_disconnected(const struct message *message)
{
	message->pptp->progress = CALL_NONE;
	end_call(message->ct, message->conn, message->pkt->seq, message->pkt->now_ns);
}

// By control message type. The others (echoes, WAN errors, link info) say nothing about calls.
static const struct {
	uint8_t len; // with its header; a packet with less of it is not read
	enum dir dir;
	uint8_t sessions; // in which it is believed
	uint8_t progress; // likewise
	void (*read)(const struct message *message);
} messages[] = {
	[1] = {156, DIR_ORIG, BIT(SESSION_NONE), ANY, read_start_request},
	[2] = {156, DIR_REPLY, BIT(SESSION_REQUESTED) | BIT(SESSION_OPEN), ANY, read_start_reply},
	[3] = {16, DIR_ORIG, ANY, ANY, read_stop_request},
	[4] = {16, DIR_REPLY, BIT(SESSION_NONE) | BIT(SESSION_REFUSED) | BIT(SESSION_STOPPING), ANY,
	       read_stop_reply},
	[7] = {168, DIR_ORIG, BIT(SESSION_OPEN), ANY, read_out_request},
	[8] = {32, DIR_REPLY, BIT(SESSION_OPEN), BIT(CALL_OUT_REQUESTED) | BIT(CALL_OUT),
	       read_out_reply},
	[9] = {220, DIR_REPLY, BIT(SESSION_OPEN), ANY, read_in_request},
	[10] = {24, DIR_ORIG, ANY, BIT(CALL_IN_REQUESTED) | BIT(CALL_IN_GRANTED), read_in_reply},
	[11] = {28, DIR_REPLY, BIT(SESSION_OPEN), BIT(CALL_IN_GRANTED) | BIT(CALL_IN),
		read_in_connected},
	[12] = {16, DIR_ORIG, BIT(SESSION_OPEN), ANY, read_clear_request},
	[13] = {148, DIR_REPLY, ANY, ANY, read_disconnected},
};

static void
read_message(struct ct *ct, const struct ct_conn *conn, const struct pkt *pkt, const uint8_t *bytes,
	     uint32_t len)
{
	const uint16_t type = be16(bytes + 8);
	const struct message message = {
		.ct = ct,
		.conn = conn,
		.pkt = pkt,
		.pptp = &ct_helper_memory(ct, conn)->pptp,
		.body = bytes + HEADER_LEN,
	};

	if (be16(bytes + 2) != CONTROL || be32(bytes + 4) != MAGIC_COOKIE)
		return;
	if (type >= RTE_DIM(messages) || messages[type].read == NULL || len < messages[type].len ||
	    messages[type].dir != pkt->dir)
		return;
	if ((messages[type].sessions & BIT(message.pptp->session)) != 0 &&
	    (messages[type].progress & BIT(message.pptp->progress)) != 0)
		messages[type].read(&message);
}

static bool
read_packet(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct rte_tcp_hdr room;
	const struct rte_tcp_hdr *tcp = pkt_bytes(pkt, pkt->l4_off, sizeof(room), &room);
	uint8_t scratch[READ_LEN];
	const uint8_t *bytes;
	uint32_t header_len, len;

	if (pkt->class != CLASS_ESTABLISHED || tcp == NULL)
		return true;
	header_len = (tcp->data_off >> 4) * 4u;
	if (pkt->l4_len < header_len + MIN_LEN)
		return true;
	len = pkt->l4_len - header_len;
	bytes = pkt_bytes(pkt, pkt->l4_off + header_len, RTE_MIN(len, (uint32_t)READ_LEN), scratch);
	if (bytes != NULL)
		read_message(ct, conn, pkt, bytes, len);
	return true;
}

const struct ct_helper_ops ct_helper_pptp = {
	.proto = PROTO_TCP,
	.read = read_packet,
	.end = end_call,
};
