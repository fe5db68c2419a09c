// SPDX-License-Identifier: BSD-3-Clause
//
// The connection and the shard that owns it. Private to conntrack.
//
// Everything that a packet of a known flow needs is in two cache lines, struct ct_conn; what is
// needed once in a connection's life, or only by readers, is in struct ct_cold.
//
// Life of a connection:
//
//   free -> unconfirmed   ct_conn_create: a packet of no known flow; only its burst sees it
//   unconfirmed -> free   ct_conn_discard: a rule refused the packet; no trace is left
//   unconfirmed -> confirmed   ct_conn_confirm: both tuples enter the table
//   confirmed -> dying    ct_conn_kill: both tuples leave the table
//   dying -> free         ct_reclaim: end of the burst, the destroy event is handed over
//
// Only the owning worker writes. Other threads read through ct_read (view.c): the version of a slot
// is odd while its identity changes, and differs afterwards. A connection's tuples and id do not
// change between confirm and reclaim.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/contract.h"
#include "base/clock.h"
#include "conntrack/conntrack.h"
#include "conntrack/evict.h"
#include "conntrack/expect.h"
#include "conntrack/params.h"
#include "conntrack/proto/gre.h"
#include "conntrack/table.h"
#include "packet/hash.h"
#include "packet/key.h"
#include "packet/packet.h"

struct ct_proto;
union ct_helper_memory;

// What TCP knows about one sender (proto/tcp_window.c). Sequence numbers are modulo 2^32.
struct ct_tcp_side {
	uint32_t end;        // highest sequence number sent, plus one
	uint32_t max_end;    // highest it may send: what the peer has acknowledged and its window
	uint32_t max_window; // largest window it advertised, scaled; 0: nothing is known
	uint32_t max_ack;    // highest acknowledgement it sent
	uint8_t scale;       // of its windows (RFC 7323)
	uint8_t flags;       // enum tcp_side_flag
} __attribute__((packed, aligned(2))); // no padding, so that two of them fit into a cache line

struct ct_tcp {
	struct ct_tcp_side side[DIR_COUNT];
	// the last packet that took the long path
	uint32_t last_seq;
	uint32_t last_ack;
	uint32_t last_end;
	uint16_t last_window;
	uint8_t last_scale : 4;     // of a SYN that was let through but not trusted
	uint8_t last_flags : 4;     // likewise, its bits of enum tcp_side_flag
	uint8_t last_class : 4;     // enum tcp_class
	uint8_t last_dir : 2;       // enum dir
	bool expects_challenge : 1; // after a SYN in LAST_ACK: the next ACK may not be for the FIN
	bool is_simultaneous : 1;   // both sides sent a SYN
	uint8_t state;              // enum tcp_state
	uint8_t n_retransmitted;    // how often the last ACK was repeated, wraps
};

// What SCTP knows about an association (proto/sctp.c).
struct ct_sctp {
	uint32_t tag[DIR_COUNT]; // verification tag that packets of a direction carry, 0: not known
	uint8_t state;           // enum sctp_state
	bool has_init[DIR_COUNT]; // an INIT of this direction is unanswered
	bool has_mismatch;        // a heartbeat with another tag was let through
	uint8_t mismatch_dir;     // in this direction
};

// What DCCP knows about a connection (proto/dccp.c).
struct ct_dccp {
	uint64_t handshake_seq;  // of the Response
	uint8_t role[DIR_COUNT]; // enum dccp_role
	uint8_t state;           // enum dccp_state
	uint8_t last_type;       // enum dccp_type
	uint8_t last_dir;        // enum dir
};

// One connection: everything the packet path needs. UDP needs the first line only; the state of
// other protocols begins with the second.
struct ct_conn {
	uint64_t key[KEY_WORDS]; // of struct flow_key; of IPv6 the rest is in struct ct_cold
	tick_t deadline;         // owner: rw, others: ro
	uint32_t mark;
	uint8_t life;                // enum ct_life; owner: rw, others: ro
	uint8_t status;              // bits of enum ct_status
	uint8_t events;              // bits of enum ct_event_bit for the next event
	uint8_t helper;              // enum ct_helper
	uint8_t window;              // enum ct_window, of TCP
	bool is_turned : 1;          // the original direction has the turned tuple of the key
	bool is_own_answer : 1;      // both directions have the same tuple
	bool is_untold : 1;          // dying, and its destroy event waits for room in the ring
	uint8_t end : 3;             // enum ct_end
	struct verdict_memo memo;    // the remembered outcome of the rules
	uint32_t packets[DIR_COUNT]; // lower halves; the upper ones are in struct ct_cold
	uint32_t octets[DIR_COUNT];  // likewise
	tick_t stream_after;         // of UDP: a flow that lives longer than this is a stream
	uint8_t queue;               // its queue, CT_QUEUE_NONE: none
	uint16_t queued_in;          // period in which it was queued, see ct_queue_period
	union {
		struct ct_tcp tcp;
		struct ct_sctp sctp;
		struct ct_dccp dccp;
	} l4 __rte_cache_aligned;
	struct ct_link link; // in its queue
} __rte_cache_aligned;

_Static_assert(sizeof(struct ct_conn) == (size_t)2 * RTE_CACHE_LINE_SIZE,
	       "two lines for every packet");
_Static_assert(CT_END_COUNT <= 8, "three bits");
_Static_assert(offsetof(struct ct_conn, l4) == RTE_CACHE_LINE_SIZE, "one line for UDP");

// The rest of a connection.
struct ct_cold {
	uint64_t id;      // seq of the packet that created it
	uint32_t version; // owner: rw, others: ro. Odd: do not read
	uint32_t next;    // in the list of free, or of dying connections
	uint32_t packets_high[DIR_COUNT];
	uint32_t octets_high[DIR_COUNT];
	union address ends[2]; // of the key of IPv6
};

// Flows that a packet of this burst has touched and that a later packet of the same burst may
// belong to: the hashes of their keys, and the home hashes where a helper may have announced flows.
struct ct_touched {
	uint64_t filter[4]; // a bit for every hash, so that most packets need no search
	uint32_t hashes[9 * BURST_MAX];
	uint16_t n;
	bool has_homes; // some are home hashes
};

#define TCP_HASTE_ALL 8 // combinations of enum tcp_haste

struct ct {
	struct ct_table *table;
	struct ct_conn *conns;
	struct ct_cold *colds; // of the connection with the same number
	uint32_t free_head;    // list through ct_cold.next, SLOT_NONE ends it
	uint32_t n_free;
	uint32_t capacity;      // connections that may exist, unconfirmed and dying ones included
	uint32_t n_unconfirmed; // owner: rw, others: ro
	uint32_t n_dying;       // owner: rw, others: ro
	uint32_t n_untold;      // of these, with a destroy event that waits for room in the ring
	uint32_t used_slots;    // slots from here on have never been used; owner: rw, others: ro
	uint32_t dying_head;    // list through ct_cold.next, SLOT_NONE ends it
	struct ct_expects *expects;
	union ct_helper_memory *helper_memory; // of the connection with the same number
	struct ct_gre_map calls;               // of PPTP
	struct ct_evict evict;
	struct ct_touched touched;
	bool is_pass_plain; // no packet of this pass needs work after the rules
	bool wants_entries; // packets carry a copy of their connection's state
	const struct hash_secret *secret;
	struct ct_params params;                // owner: rw, others: ro
	const struct ct_proto *protos[256];     // the tracker of each protocol
	uint32_t timeouts[CT_TIMEOUT_COUNT];    // ticks; owner: rw, others: ro
	uint32_t tcp_open_ticks[TCP_HASTE_ALL]; // timeouts of open TCP connections, proto/tcp.h
	struct rte_ring *events;                // NULL: nobody listens
	// owner: rw, others: ro. What is counted once in a connection's life fills the first line:
	// packets of known flows do not take it away from who reads it.
	struct ct_stats stats __rte_cache_aligned;
	unsigned int worker;
	size_t bytes; // reserved for all of this
	struct contract_owner owner;
};

_Static_assert(offsetof(struct ct_stats, found) == RTE_CACHE_LINE_SIZE,
	       "what known flows count is in the second line");

#define SLOT_NONE UINT32_MAX

static inline uint32_t
conn_slot(const struct ct *ct, const struct ct_conn *conn)
{
	return (uint32_t)(conn - ct->conns);
}

static inline struct ct_cold *
conn_cold(const struct ct *ct, const struct ct_conn *conn)
{
	return &ct->colds[conn_slot(ct, conn)];
}

static inline uint8_t
conn_proto(const struct ct_conn *conn)
{
	return key_proto(conn->key);
}

// The entry that the table has for the upright tuple of the connection's key. Where both directions
// have the same tuple, which is from an address and port to themselves, packets that find the
// connection are replies, as in the kernel.
static inline uint32_t
conn_upright(const struct ct *ct, const struct ct_conn *conn)
{
	return entry_of(conn_slot(ct, conn),
			conn->is_turned || conn->is_own_answer ? DIR_REPLY : DIR_ORIG);
}

// The tuple of a direction of a connection.
void ct_conn_tuple(const struct ct *ct, const struct ct_conn *conn, enum dir dir,
		   struct tuple *tuple);

// The hash of a connection's key.
uint32_t ct_conn_hash(const struct ct *ct, const struct ct_conn *conn);

// True when there are as many connections as allowed, including those that this burst may still
// give up.
static inline bool
ct_is_full(const struct ct *ct)
{
	return ct->used_slots - ct->n_free >= ct->capacity;
}

// True when there is a slot for another connection. There are some beyond the capacity: for
// unconfirmed connections, and for connections that replace one that is still dying.
static inline bool
ct_has_slot(const struct ct *ct)
{
	return ct->n_free > 0 || ct->used_slots < ct->capacity + BURST_MAX;
}

static inline bool
conn_is_expired(const struct ct_conn *conn, tick_t now)
{
	return tick_reached(conn->deadline, now);
}

// It has its place in this queue, and need not move to the end of it now.
static inline bool
conn_is_queued(const struct ct_conn *conn, enum ct_rank rank, enum ct_timeout timeout, tick_t now)
{
	return conn->queue == ct_queue_of(rank, timeout) && conn->queued_in == ct_queue_period(now);
}

// A packet of l3_len bytes was accepted.
static inline void
conn_count(const struct ct *ct, struct ct_conn *conn, enum dir dir, uint32_t l3_len)
{
	if (!ct->params.accounting)
		return;
	if (unlikely(++conn->packets[dir] == 0))
		conn_cold(ct, conn)->packets_high[dir]++;
	if (unlikely(__builtin_add_overflow(conn->octets[dir], l3_len, &conn->octets[dir])))
		conn_cold(ct, conn)->octets_high[dir]++;
}

// The connection lives for timeout ticks from now on.
static inline void
conn_refresh(struct ct_conn *conn, tick_t now, uint32_t timeout)
{
	__atomic_store_n(&conn->deadline, now + timeout, __ATOMIC_RELAXED);
}

// True for DCCP if it is tracked by addresses only.
static inline bool
ct_is_generic(const struct ct *ct, uint8_t proto)
{
	return proto == PROTO_DCCP && ct->params.dccp == CT_DCCP_GENERIC;
}

// The tuple as it is stored in the table: without ports if the protocol is generic.
static inline void
ct_tuple_prepare(const struct ct *ct, struct tuple *tuple)
{
	if (ct_is_generic(ct, tuple->proto))
		tuple->src_field = tuple->dst_field = 0;
}

// A new, unconfirmed connection for the tuple of pkt, or NULL if the tuple has no inverse; then
// pkt.fault says so. The caller has made sure that there is a slot (ct_has_slot) and, unless the
// connection replaces one that was just killed, a place (evict.h).
struct ct_conn *ct_conn_create(struct ct *ct, struct pkt *pkt);

// Frees an unconfirmed connection.
void ct_conn_discard(struct ct *ct, struct ct_conn *conn);

// Enters an unconfirmed connection into the table under both tuples and sends its event. Returns
// false, and leaves it unconfirmed, if the table has no room.
bool ct_conn_confirm(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt);

// Makes a confirmed connection dying, so that no lookup finds it. seq is that of the packet that
// caused it, 0 if none did.
void ct_conn_kill(struct ct *ct, struct ct_conn *conn, enum ct_end end, uint64_t seq,
		  uint64_t now_ns);

// What ct_conn_kill reads of connections that have not been looked at for long is on its way.
void ct_conns_prefetch(const struct ct *ct, const uint32_t slots[], unsigned int n);

// Makes later packets of this burst that belong to the connection, or that its helper may have
// announced, wait for the next pass, because their lookup is out of date.
void ct_touch(struct ct *ct, const struct ct_conn *conn);
void ct_touch_home(struct ct *ct, uint32_t home);
bool ct_is_touched(const struct ct *ct, uint32_t hash);

static inline void
ct_touch_hash(struct ct *ct, uint32_t hash)
{
	ct->touched.filter[hash >> 6 & 3] |= UINT64_C(1) << (hash & 63);
	ct->touched.hashes[ct->touched.n++] = hash;
}

// Hands an event over. Returns false if the listener's ring is full, true also if nobody listens.
bool ct_event_send(struct ct *ct, const struct ct_conn *conn, enum ct_event_type type, uint64_t seq,
		   uint64_t now_ns);

// The name of the protocol's state, NULL if it has none.
const char *ct_conn_state(const struct ct *ct, const struct ct_conn *conn);

// Remembers in the packet how it leaves its connection, if any: in a burst, later packets change it
// again.
void ct_remember(const struct ct *ct, struct pkt *pkt);

// Copies what is reported about a connection that the caller owns.
void ct_entry_fill(const struct ct *ct, const struct ct_conn *conn, tick_t now,
		   struct ct_entry *entry);

// The fault of an ICMP packet by itself: checksum, an unused type.
enum fault ct_icmp_check(const struct ct *ct, const struct pkt *pkt);

// Counts an ICMP packet that is invalid by itself, or that quotes an unknown flow, as error.
// Returns true: nothing else is to be done.
bool ct_set_error(struct ct *ct, struct pkt *pkt, enum fault fault);

// True if the packet is an error or a redirect whose quotation must be looked up.
bool ct_icmp_speaks_of_another(const struct pkt *pkt);

// Makes an ICMP error related to the connection that it quotes, or invalid. Returns false if an
// earlier packet of the burst has touched that connection, so that the error must wait.
bool ct_track_related(struct ct *ct, struct pkt *pkt);

// A connection that is about to be confirmed gets the helper that a rule set, if the helper is for
// its protocol. When an unconfirmed connection is discarded, its expectations go, too; when a
// connection dies (seq and now_ns as in ct_conn_kill), also what depends on it.
void ct_helper_attach(struct ct *ct, struct ct_conn *conn, uint8_t helper);
void ct_helper_detach(struct ct *ct, const struct ct_conn *conn);
void ct_helper_end(struct ct *ct, const struct ct_conn *conn, uint64_t seq, uint64_t now_ns);

// Has the helper of the packet's connection, if any, read the packet. Returns false if the packet
// must be dropped.
bool ct_helper_read(struct ct *ct, struct pkt *pkt);
