// SPDX-License-Identifier: BSD-3-Clause
//
// SCTP (RFC 9260): one state per association, moved by the chunks of each packet, and the two
// verification tags, by which a packet proves that it belongs to the association (section 8.5).
#include "conntrack/proto/proto.h"

#include <rte_sctp.h>

#include "packet/checksum.h"

enum sctp_state {
	SCTP_NONE,
	SCTP_CLOSED,
	SCTP_COOKIE_WAIT,
	SCTP_COOKIE_ECHOED,
	SCTP_ESTABLISHED,
	SCTP_SHUTDOWN_SENT,
	SCTP_SHUTDOWN_RECD,
	SCTP_SHUTDOWN_ACK_SENT,
	SCTP_HEARTBEAT_SENT,
	SCTP_STATE_COUNT,
	SCTP_INVALID, // in the table: the packet is refused
};

enum sctp_chunk_type {
	CHUNK_DATA = 0,
	CHUNK_INIT = 1,
	CHUNK_INIT_ACK = 2,
	CHUNK_HEARTBEAT = 4,
	CHUNK_HEARTBEAT_ACK = 5,
	CHUNK_ABORT = 6,
	CHUNK_SHUTDOWN = 7,
	CHUNK_SHUTDOWN_ACK = 8,
	CHUNK_ERROR = 9,
	CHUNK_COOKIE_ECHO = 10,
	CHUNK_COOKIE_ACK = 11,
	CHUNK_SHUTDOWN_COMPLETE = 14,
	CHUNK_TYPE_COUNT = 16, // higher types move nothing
};

#define CHUNK_FLAG_T 1 // the tag is the other side's (RFC 9260, 8.5.1)
#define BIT(type)    (1u << (type))

#define CHUNK_HEADER_BYTES 4
#define INIT_FIXED_BYTES   16 // behind the header, of an INIT ACK too (RFC 9260, 3.3.2)

static const struct {
	const char *name;
	enum ct_timeout timeout;
	bool is_closing;
} states[SCTP_STATE_COUNT] = {
	[SCTP_NONE] = {"NONE", CT_TIMEOUT_SCTP_CLOSED},
	[SCTP_CLOSED] = {"CLOSED", CT_TIMEOUT_SCTP_CLOSED},
	[SCTP_COOKIE_WAIT] = {"COOKIE_WAIT", CT_TIMEOUT_SCTP_COOKIE_WAIT},
	[SCTP_COOKIE_ECHOED] = {"COOKIE_ECHOED", CT_TIMEOUT_SCTP_COOKIE_ECHOED},
	[SCTP_ESTABLISHED] = {"ESTABLISHED", CT_TIMEOUT_SCTP_ESTABLISHED},
	[SCTP_SHUTDOWN_SENT] = {"SHUTDOWN_SENT", CT_TIMEOUT_SCTP_SHUTDOWN_SENT, true},
	[SCTP_SHUTDOWN_RECD] = {"SHUTDOWN_RECD", CT_TIMEOUT_SCTP_SHUTDOWN_RECD, true},
	[SCTP_SHUTDOWN_ACK_SENT] = {"SHUTDOWN_ACK_SENT", CT_TIMEOUT_SCTP_SHUTDOWN_ACK_SENT, true},
	[SCTP_HEARTBEAT_SENT] = {"HEARTBEAT_SENT", CT_TIMEOUT_SCTP_HEARTBEAT_SENT},
};

#define CL SCTP_CLOSED
#define CW SCTP_COOKIE_WAIT
#define CE SCTP_COOKIE_ECHOED
#define ES SCTP_ESTABLISHED
#define SS SCTP_SHUTDOWN_SENT
#define SR SCTP_SHUTDOWN_RECD
#define SA SCTP_SHUTDOWN_ACK_SENT
#define HS SCTP_HEARTBEAT_SENT
#define iv SCTP_INVALID

// [direction][chunk][old state] -> new state. Chunks without a row keep the state.
// clang-format off
static const uint8_t transitions[DIR_COUNT][CHUNK_TYPE_COUNT][SCTP_STATE_COUNT] = {
	[DIR_ORIG] = {
		//                          NO  CL  CW  CE  ES  SS  SR  SA  HS
		// begins an association, or begins it anew while it is being shut down
		[CHUNK_INIT] =              {CL, CL, CW, CE, ES, CL, CL, SA, CW},
		// the original side does not answer its own INIT
		[CHUNK_INIT_ACK] =          {CL, CL, CW, CE, ES, SS, SR, SA, CL},
		[CHUNK_ABORT] =             {CL, CL, CL, CL, CL, CL, CL, CL, CL},
		// the original side closes first
		[CHUNK_SHUTDOWN] =          {CL, CL, CW, CE, SS, SS, SR, SA, CL},
		[CHUNK_SHUTDOWN_ACK] =      {SA, CL, CW, CE, ES, SA, SA, SA, SA},
		[CHUNK_ERROR] =             {CL, CL, CW, CE, ES, SS, SR, SA, CL},
		// third packet of the handshake
		[CHUNK_COOKIE_ECHO] =       {CL, CL, CE, CE, ES, SS, SR, SA, CL},
		// fourth, when the handshakes crossed
		[CHUNK_COOKIE_ACK] =        {CL, CL, CW, ES, ES, SS, SR, SA, CL},
		[CHUNK_SHUTDOWN_COMPLETE] = {CL, CL, CW, CE, ES, SS, SR, CL, CL},
		// a path of an association whose handshake went elsewhere
		[CHUNK_HEARTBEAT] =         {HS, CL, CW, CE, ES, SS, SR, SA, HS},
		[CHUNK_HEARTBEAT_ACK] =     {CL, CL, CW, CE, ES, SS, SR, SA, HS},
	},
	[DIR_REPLY] = {
		//                          NO  CL  CW  CE  ES  SS  SR  SA  HS
		[CHUNK_INIT] =              {iv, CL, CW, CE, ES, SS, SR, SA, iv},
		// second packet of the handshake
		[CHUNK_INIT_ACK] =          {iv, CW, CW, CE, ES, SS, SR, SA, iv},
		[CHUNK_ABORT] =             {iv, CL, CL, CL, CL, CL, CL, CL, iv},
		// the other side closes first
		[CHUNK_SHUTDOWN] =          {iv, CL, CW, CE, SR, SS, SR, SA, iv},
		[CHUNK_SHUTDOWN_ACK] =      {iv, CL, CW, CE, ES, SA, SA, SA, iv},
		// the cookie was refused: too old
		[CHUNK_ERROR] =             {iv, CL, CW, CL, ES, SS, SR, SA, iv},
		[CHUNK_COOKIE_ECHO] =       {iv, CL, CE, CE, ES, SS, SR, SA, iv},
		// fourth packet of the handshake
		[CHUNK_COOKIE_ACK] =        {iv, CL, CW, ES, ES, SS, SR, SA, iv},
		[CHUNK_SHUTDOWN_COMPLETE] = {iv, CL, CW, CE, ES, SS, SR, CL, iv},
		[CHUNK_HEARTBEAT] =         {iv, CL, CW, CE, ES, SS, SR, SA, HS},
		// the path works
		[CHUNK_HEARTBEAT_ACK] =     {iv, CL, CW, CE, ES, SS, SR, SA, ES},
	},
};
// clang-format on

#undef CL
#undef CW
#undef CE
#undef ES
#undef SS
#undef SR
#undef SA
#undef HS
#undef iv

// One chunk of a packet.
struct chunk {
	uint32_t off; // from the start of the frame
	uint16_t len; // as it says itself
	uint8_t type;
	uint8_t flags;
};

// The chunk behind the one given, which begins as all zero. Returns false at the end.
static bool
next_chunk(const struct pkt *pkt, struct chunk *chunk)
{
	uint8_t scratch[CHUNK_HEADER_BYTES];
	const uint8_t *bytes;

	if (chunk->off == 0)
		chunk->off = pkt->l4_off + (uint32_t)sizeof(struct rte_sctp_hdr);
	else
		chunk->off += (chunk->len + 3u) & ~3u;
	bytes = pkt_bytes(pkt, chunk->off, sizeof(scratch), scratch);
	if (bytes == NULL)
		return false;
	chunk->type = bytes[0];
	chunk->flags = bytes[1];
	chunk->len = (uint16_t)(bytes[2] << 8 | bytes[3]);
	return true;
}

static uint32_t
read_be32(const void *bytes)
{
	rte_be32_t word;

	memcpy(&word, bytes, sizeof(word));
	return rte_be_to_cpu_32(word);
}

// The verification tag in the header of the packet, which is known to be complete.
static uint32_t
header_tag(const struct pkt *pkt)
{
	uint8_t scratch[sizeof(rte_be32_t)];
	const void *bytes = pkt_bytes(pkt, pkt->l4_off + 4u, sizeof(scratch), scratch);

	return bytes == NULL ? 0 : read_be32(bytes);
}

// The tag that an INIT or INIT ACK hands to the other side. Returns false when the chunk is cut
// short: its fixed part has to be in the packet, whatever length it says it has.
static bool
initiate_tag(const struct pkt *pkt, const struct chunk *chunk, uint32_t *tag)
{
	uint8_t scratch[INIT_FIXED_BYTES];
	const void *bytes =
		pkt_bytes(pkt, chunk->off + CHUNK_HEADER_BYTES, sizeof(scratch), scratch);

	if (bytes != NULL)
		*tag = read_be32(bytes);
	return bytes != NULL;
}

// The types in the packet, a bit each, those below CHUNK_TYPE_COUNT.
static uint32_t
chunk_map(const struct pkt *pkt)
{
	struct chunk chunk = {0};
	uint32_t map = 0;

	while (next_chunk(pkt, &chunk) && chunk.len != 0)
		map |= chunk.type < CHUNK_TYPE_COUNT ? BIT(chunk.type) : 0;
	return map;
}

// RFC 9260, 6.10 and 5.1: some chunks travel alone, some only at the front.
static enum fault
check(const struct ct *ct, const struct pkt *pkt)
{
	static const uint32_t alone =
		BIT(CHUNK_INIT) | BIT(CHUNK_INIT_ACK) | BIT(CHUNK_SHUTDOWN_COMPLETE);
	static const uint32_t first = BIT(CHUNK_COOKIE_ECHO) | BIT(CHUNK_COOKIE_ACK);
	struct chunk chunk = {0};
	unsigned int n = 0;
	uint32_t seen = 0;

	if (pkt->l4_len < sizeof(struct rte_sctp_hdr))
		return FAULT_L4_SHORT;
	if (ct->params.checksum && !checksum_sctp_good(pkt))
		return FAULT_L4_CHECKSUM;
	for (; next_chunk(pkt, &chunk); n++) {
		uint32_t bit = chunk.type < CHUNK_TYPE_COUNT ? BIT(chunk.type) : 0;

		seen |= bit;
		if (chunk.len == 0 || (n > 0 && ((seen & alone) != 0 || (bit & first) != 0)))
			return FAULT_SCTP_CHUNK;
	}
	return n == 0 ? FAULT_SCTP_CHUNK : FAULT_NONE;
}

// RFC 9260, 8.4: what may come out of the blue and still begin something.
static enum fault
begin(const struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct ct_sctp *sctp = &conn->l4.sctp;
	struct chunk chunk = {0};

	(void)ct;
	if ((chunk_map(pkt) &
	     (BIT(CHUNK_ABORT) | BIT(CHUNK_SHUTDOWN_COMPLETE) | BIT(CHUNK_COOKIE_ACK))) != 0)
		return FAULT_SCTP_STATE;
	while (next_chunk(pkt, &chunk)) {
		if (chunk.type >= CHUNK_TYPE_COUNT ||
		    transitions[DIR_ORIG][chunk.type][SCTP_NONE] == SCTP_NONE)
			return FAULT_SCTP_STATE;
		if (chunk.type == CHUNK_INIT) {
			if (header_tag(pkt) != 0)
				return FAULT_SCTP_TAG;
			if (!initiate_tag(pkt, &chunk, &sctp->tag[DIR_REPLY]))
				return FAULT_L4_SHORT;
		} else if (chunk.type == CHUNK_HEARTBEAT) {
			sctp->tag[DIR_ORIG] = header_tag(pkt);
		} else if (chunk.type == CHUNK_SHUTDOWN_ACK) {
			sctp->tag[DIR_REPLY] = header_tag(pkt);
		}
	}
	return FAULT_NONE;
}

// What a chunk's special rule says about the packet.
enum chunk_result {
	CHUNK_GOOD,
	CHUNK_SKIPPED, // it passes, moves nothing, and the timeout is not refreshed
	CHUNK_REFUSED,
};

// RFC 9260, 8.5.1: whose tag an ABORT or a SHUTDOWN COMPLETE must carry.
static bool
has_final_tag(const struct ct_sctp *sctp, const struct chunk *chunk, uint32_t tag, enum dir dir)
{
	return tag == sctp->tag[(chunk->flags & CHUNK_FLAG_T) != 0 ? dir_other(dir) : dir];
}

// Heartbeats probe a path. A tag that is not known yet is learnt; a wrong one may be that of a
// restarted peer, which the answer to the heartbeat will prove.
static enum chunk_result
rule_heartbeat(struct ct_sctp *sctp, const struct chunk *chunk, uint32_t tag, enum dir dir,
	       bool may_differ)
{
	if (sctp->tag[dir] == 0) {
		sctp->tag[dir] = tag;
		return CHUNK_GOOD;
	}
	if (tag == sctp->tag[dir]) {
		sctp->has_mismatch = false;
		return CHUNK_GOOD;
	}
	if (!may_differ)
		return CHUNK_REFUSED;
	if (chunk->type == CHUNK_HEARTBEAT) {
		sctp->has_mismatch = true;
		sctp->mismatch_dir = (uint8_t)dir;
		return CHUNK_SKIPPED;
	}
	if (!sctp->has_mismatch || sctp->mismatch_dir == dir)
		return CHUNK_REFUSED;
	sctp->has_mismatch = false;
	sctp->tag[dir] = tag;
	sctp->tag[dir_other(dir)] = 0;
	return CHUNK_GOOD;
}

static enum chunk_result
rule_tag(struct ct_sctp *sctp, const struct chunk *chunk, uint32_t tag, enum dir dir,
	 bool may_differ)
{
	bool is_good = true;

	switch (chunk->type) {
	case CHUNK_INIT:
		is_good = tag == 0;
		break;
	case CHUNK_ABORT:
	case CHUNK_SHUTDOWN_COMPLETE:
		is_good = has_final_tag(sctp, chunk, tag, dir);
		break;
	case CHUNK_COOKIE_ECHO:
		is_good = tag == sctp->tag[dir];
		break;
	case CHUNK_COOKIE_ACK:
		sctp->has_init[DIR_ORIG] = false;
		sctp->has_init[DIR_REPLY] = false;
		break;
	case CHUNK_HEARTBEAT:
	case CHUNK_HEARTBEAT_ACK:
		return rule_heartbeat(sctp, chunk, tag, dir, may_differ);
	default:
		break;
	}
	return is_good ? CHUNK_GOOD : CHUNK_REFUSED;
}

// An INIT tells the tag that its sender wants to see, and is to be answered. One that only repeats
// the tag has been sent again or is stale, and changes nothing; but for the first of all, whose tag
// is known since the connection began with it.
static void
note_init(struct ct_sctp *sctp, uint32_t tag, enum dir dir)
{
	enum dir other = dir_other(dir);

	if (sctp->state != SCTP_NONE && sctp->tag[other] == tag)
		return;
	if (sctp->has_init[dir] && sctp->has_init[other])
		sctp->has_init[other] = false;
	sctp->has_init[dir] = true;
	sctp->tag[other] = tag;
}

// An INIT ACK must answer an INIT, and when both sides have sent one it must not be a stale one.
static bool
note_init_ack(struct ct_sctp *sctp, uint32_t tag, enum dir dir)
{
	enum dir other = dir_other(dir);
	uint32_t known = sctp->tag[other];

	if (!sctp->has_init[other] && known != 0 && known != tag)
		return false;
	if (sctp->has_init[dir] && sctp->has_init[other] && known != tag)
		return false;
	sctp->tag[other] = tag;
	return true;
}

static bool
note_tags(struct ct_sctp *sctp, const struct pkt *pkt, const struct chunk *chunk)
{
	uint32_t tag;

	if (chunk->type != CHUNK_INIT && chunk->type != CHUNK_INIT_ACK)
		return true;
	if (!initiate_tag(pkt, chunk, &tag))
		return false;
	if (chunk->type == CHUNK_INIT_ACK)
		return note_init_ack(sctp, tag, pkt->dir);
	note_init(sctp, tag, pkt->dir);
	return true;
}

static enum sctp_state
next_state(enum dir dir, uint8_t type, enum sctp_state old)
{
	enum sctp_state new = type < CHUNK_TYPE_COUNT ? transitions[dir][type][old] : SCTP_NONE;

	return new == SCTP_NONE ? old : new; // a chunk without a row
}

// Moves the association by one chunk.
static enum chunk_result
track_chunk(struct ct_conn *conn, const struct pkt *pkt, const struct chunk *chunk, bool may_differ)
{
	struct ct_sctp *sctp = &conn->l4.sctp;
	enum sctp_state old = sctp->state;
	enum sctp_state new = next_state(pkt->dir, chunk->type, old);
	enum chunk_result result = rule_tag(sctp, chunk, header_tag(pkt), pkt->dir, may_differ);

	if (result != CHUNK_GOOD)
		return result;
	if (new == SCTP_INVALID || !note_tags(sctp, pkt, chunk))
		return CHUNK_REFUSED;
	if (old != new) {
		sctp->state = (uint8_t) new;
		conn->events |= CT_CHANGED_STATE;
		if (new == SCTP_ESTABLISHED)
			conn_set_assured(conn);
	}
	// An INIT sent again does not keep the connection alive.
	return chunk->type == CHUNK_INIT && old == SCTP_CLOSED && new == SCTP_CLOSED &&
			       conn->life == CT_CONFIRMED
		       ? CHUNK_SKIPPED
		       : CHUNK_GOOD;
}

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	static const uint32_t has_own_rule = BIT(CHUNK_INIT) | BIT(CHUNK_SHUTDOWN_COMPLETE) |
					     BIT(CHUNK_COOKIE_ECHO) | BIT(CHUNK_ABORT) |
					     BIT(CHUNK_SHUTDOWN_ACK) | BIT(CHUNK_HEARTBEAT) |
					     BIT(CHUNK_HEARTBEAT_ACK);
	struct ct_sctp *sctp = &conn->l4.sctp;
	uint32_t map = chunk_map(pkt);
	bool is_skipped = false;
	struct chunk chunk = {0};

	if ((map & has_own_rule) == 0 && header_tag(pkt) != sctp->tag[pkt->dir]) {
		pkt->fault = FAULT_SCTP_TAG;
		return CT_INVALID;
	}
	while (next_chunk(pkt, &chunk)) {
		bool may_differ = (map & BIT(CHUNK_DATA)) == 0 && !is_skipped;

		switch (track_chunk(conn, pkt, &chunk, may_differ)) {
		case CHUNK_REFUSED:
			pkt->fault = FAULT_SCTP_STATE;
			return CT_INVALID;
		case CHUNK_SKIPPED:
			is_skipped = true;
			break;
		default:
			break;
		}
	}
	*timeout = states[sctp->state].timeout;
	return is_skipped ? CT_IGNORE : CT_ACCEPT;
}

static const char *
state_name(const struct ct_conn *conn)
{
	uint8_t state = conn->l4.sctp.state;

	return state < SCTP_STATE_COUNT ? states[state].name : NULL;
}

static bool
is_closing(const struct ct_conn *conn)
{
	return states[conn->l4.sctp.state].is_closing;
}

const struct ct_proto ct_proto_sctp = {
	.check = check,
	.begin = begin,
	.track = track,
	.is_closing = is_closing,
	.state_name = state_name,
};
