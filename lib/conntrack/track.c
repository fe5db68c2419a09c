// SPDX-License-Identifier: BSD-3-Clause
//
// A packet's way through connection tracking. Read this first: lookup, resolve, track, confirm, in
// that order.
//
// A burst must not be seen in the answers. All lookups of a burst are done at once, so a packet
// whose flow was created or killed by an earlier packet of the same burst has an answer that is
// out of date. Such a packet, and all behind it, wait: ct_track_burst stops there, the packets
// before it are taken to their end, and the rest is looked up again.
#include "conntrack/conn.h"

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "base/contract.h"
#include "conntrack/proto/pass.h"
#include "packet/parse.h"

static void
set_invalid(struct ct *ct, struct pkt *pkt, enum fault fault)
{
	pkt->class = CLASS_INVALID;
	pkt->dir = DIR_NONE;
	pkt->conn = NULL;
	pkt->memo = NULL;
	pkt->mark = 0; // it has no connection, so it has not that of one either
	pkt->helper = 0;
	pkt->fault = (uint8_t)fault;
	ct->stats.invalid++;
}

static void
set_untracked(struct pkt *pkt)
{
	pkt->class = CLASS_UNTRACKED;
	pkt->dir = DIR_NONE;
}

_Static_assert((int)ACCOUNT_EXPECTED == CT_EXPECTED && (int)ACCOUNT_SEEN_REPLY == CT_SEEN_REPLY &&
		       (int)ACCOUNT_ASSURED == CT_ASSURED,
	       "an account has the bits of a connection");

static void
take_account(const struct ct *ct, struct pkt *pkt)
{
	const struct ct_conn *conn = pkt->conn;
	const struct ct_cold *cold;

	if (conn == NULL)
		return;
	cold = conn_cold(ct, conn);
	for (unsigned int dir = 0; dir < DIR_COUNT; dir++) {
		pkt->account.packets[dir] =
			(uint64_t)cold->packets_high[dir] << 32 | conn->packets[dir];
		pkt->account.octets[dir] =
			(uint64_t)cold->octets_high[dir] << 32 | conn->octets[dir];
	}
	pkt->account.status = conn->status;
	pkt->account.has_counters = ct->params.accounting;
}

// The class of a packet that has a connection.
static enum pkt_class
classify(const struct ct_conn *conn, enum dir dir)
{
	if (conn_has(conn, CT_SEEN_REPLY) || dir == DIR_REPLY)
		return CLASS_ESTABLISHED;
	return conn_has(conn, CT_EXPECTED) ? CLASS_RELATED : CLASS_NEW;
}

// What a lookup said about a packet.
struct found {
	uint32_t entry; // or CT_TABLE_MISS
	uint32_t hash;  // of its key
};

// The live connection that was found; one that has expired is removed on the way.
static struct ct_conn *
resolve(struct ct *ct, struct pkt *pkt, struct found found)
{
	struct ct_conn *conn;

	if (found.entry == CT_TABLE_MISS)
		return NULL;
	conn = &ct->conns[entry_slot(found.entry)];
	if (conn_is_expired(conn, pkt->now)) {
		ct->stats.expired++;
		ct_touch(ct, conn);
		ct_conn_kill(ct, conn, CT_END_EXPIRED, pkt->seq, pkt->now_ns);
		return NULL;
	}
	ct->stats.found++;
	pkt->dir = entry_side(found.entry);
	return conn;
}

static struct ct_conn *
begin_connection(struct ct *ct, struct pkt *pkt, const struct ct_proto *proto)
{
	struct ct_conn *conn = ct_conn_create(ct, pkt);
	enum fault fault;

	if (conn == NULL)
		return NULL;
	pkt->dir = DIR_ORIG;
	fault = proto->begin == NULL ? FAULT_NONE : proto->begin(ct, conn, pkt);
	if (fault != FAULT_NONE) {
		pkt->fault = (uint8_t)fault;
		ct_conn_discard(ct, conn);
		return NULL;
	}
	return conn;
}

// The connection was used: it is the last again of those that are worth what it is worth now.
static inline void
wait_anew(struct ct *ct, struct ct_conn *conn, const struct ct_proto *proto,
	  enum ct_timeout timeout, tick_t now)
{
	const uint16_t period = ct_queue_period(now);
	uint8_t queue = CT_QUEUE_ASSURED;

	if (unlikely(proto->is_closing != NULL && proto->is_closing(conn)))
		queue = ct_queue_of(CT_RANK_CLOSING, timeout);
	else if (!conn_has(conn, CT_SEEN_REPLY))
		queue = ct_queue_of(CT_RANK_UNANSWERED, timeout);
	else if (!conn_has(conn, CT_ASSURED))
		queue = ct_queue_of(CT_RANK_REPLIED, timeout);
	if (likely(queue == conn->queue) &&
	    (queue == CT_QUEUE_ASSURED ||
	     (ct_queue_rank(queue) == CT_RANK_REPLIED && conn->queued_in == period)))
		return;
	ct_evict_move(ct, conn, queue);
	conn->queued_in = period;
}

// Lets the tracker judge a packet of a connection and does what follows from it.
static inline enum ct_result
track_in_connection(struct ct *ct, struct ct_conn *conn, struct pkt *pkt,
		    const struct ct_proto *proto)
{
	enum ct_timeout timeout = CT_TIMEOUT_GENERIC;
	bool is_answered = false;
	enum ct_result result;

	pkt->conn = conn;
	pkt->memo = &conn->memo;
	pkt->class = (uint8_t)classify(conn, pkt->dir);
	pkt->mark = conn->mark;
	pkt->helper = conn->helper;
	result = proto->track(ct, conn, pkt, &timeout);
	if (unlikely(result == CT_INVALID || result == CT_REOPEN))
		return result;
	if (likely(result != CT_IGNORE))
		conn_count(ct, conn, (enum dir)pkt->dir, pkt->l3_len);
	if (unlikely(result == CT_FINISH))
		return result; // what ends it is no answer, and keeps nothing alive
	if (unlikely(!conn_has(conn, CT_SEEN_REPLY)) && pkt->dir == DIR_REPLY) {
		conn->status |= CT_SEEN_REPLY;
		conn->events |= CT_CHANGED_REPLY;
		is_answered = true;
	}
	if (likely(result == CT_ACCEPT)) {
		conn_refresh(conn, pkt->now, ct->timeouts[timeout]);
		wait_anew(ct, conn, proto, timeout, pkt->now);
	} else if (is_answered && conn->queue != CT_QUEUE_NONE) {
		wait_anew(ct, conn, proto, ct_queue_timeout(conn->queue), pkt->now);
	}
	return result;
}

// The packet that nearly all are: see proto/pass.h. Returns false when it is another one.
static inline bool
pass(const struct ct *ct, struct ct_conn *conn, struct pkt *pkt)
{
	const struct glance glance = glance_of(pkt);
	uint32_t ticks;

	if (unlikely(!pkt->is_plain || !conn_has(conn, CT_SEEN_REPLY)))
		return false;
	ticks = proto_pass(ct, conn, pkt->mbuf, &glance, (enum dir)pkt->dir, pkt->now);
	if (ticks == 0)
		return false;
	pkt->conn = conn;
	pkt->memo = &conn->memo;
	pkt->class = CLASS_ESTABLISHED;
	pkt->mark = conn->mark;
	pkt->helper = conn->helper;
	conn_count(ct, conn, (enum dir)pkt->dir, pkt->l3_len);
	conn_refresh(conn, pkt->now, ticks);
	return true;
}

// A connection that a helper has announced is related to its master and has the master's mark.
static void
be_expected(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	uint32_t master = ct_expect_take(ct->expects, &pkt->tuple, pkt->now);

	if (master == UINT32_MAX)
		return;
	conn->status |= CT_EXPECTED;
	conn->mark = ct->conns[master].mark;
	ct->stats.expected++;
}

// The packet begins a connection, unless its tracker says that it can't.
static void
track_first(struct ct *ct, struct pkt *pkt, const struct ct_proto *proto)
{
	struct ct_conn *conn = begin_connection(ct, pkt, proto);

	if (conn != NULL)
		be_expected(ct, conn, pkt);
	if (conn == NULL) {
		set_invalid(ct, pkt, pkt->fault);
	} else if (track_in_connection(ct, conn, pkt, proto) == CT_INVALID) {
		ct_conn_discard(ct, conn);
		set_invalid(ct, pkt, pkt->fault);
	} else {
		if (conn->queue == CT_QUEUE_NONE) // its first packet has set no timeout
			wait_anew(ct, conn, proto, CT_TIMEOUT_GENERIC, pkt->now);
		ct_touch_hash(ct, pkt->hash);
	}
}

// Makes sure that the packet can begin a connection. One that follows upon a connection of its own
// flow has the place of that one, which may still be dying.
static bool
make_room(struct ct *ct, const struct pkt *pkt, bool follows_upon_another)
{
	if (likely(!ct_is_full(ct)))
		return true;
	return ct_has_slot(ct) && (follows_upon_another || !ct_is_short_of_places(ct) ||
				   ct_place_reserve(ct, pkt->now));
}

static void
refuse_for_want_of_room(struct ct *ct, struct pkt *pkt)
{
	ct->stats.table_full++;
	pkt->conn = NULL;
	pkt->memo = NULL;
	pkt->class = CLASS_NONE;
	pkt->dir = DIR_NONE;
	pkt_drop(pkt, REASON_TABLE_FULL);
}

// A packet of no known flow. follows_upon_another: of one whose connection has just expired.
static __rte_noinline void
track_unknown(struct ct *ct, struct pkt *pkt, const struct ct_proto *proto,
	      bool follows_upon_another)
{
	const uint16_t n_reserved = ct->evict.reserve.n;
	enum fault fault;

	// As in the kernel, a full table refuses what has no connection before it is looked at.
	if (tuple_is_invertible(&pkt->tuple) && !make_room(ct, pkt, follows_upon_another)) {
		refuse_for_want_of_room(ct, pkt);
		return;
	}
	fault = proto->check == NULL ? FAULT_NONE : proto->check(ct, pkt);
	if (fault != FAULT_NONE)
		set_invalid(ct, pkt, fault);
	else
		track_first(ct, pkt, proto);
	if (pkt->conn == NULL && ct->evict.reserve.n > n_reserved)
		ct_place_give_back(ct);
}

// What the tracker said ends the connection, or is no good.
static __rte_noinline void
end_or_refuse(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, const struct ct_proto *proto,
	      enum ct_result result)
{
	if (result == CT_INVALID) {
		set_invalid(ct, pkt, pkt->fault);
		return;
	}
	ct_touch(ct, conn);
	ct_conn_kill(ct, conn, result == CT_REOPEN ? CT_END_REOPENED : CT_END_FINISHED, pkt->seq,
		     pkt->now_ns);
	if (result != CT_REOPEN)
		return;
	if (make_room(ct, pkt, true))
		track_first(ct, pkt, proto);
	else
		refuse_for_want_of_room(ct, pkt);
}

static inline void
track_normal(struct ct *ct, struct pkt *pkt, struct found found)
{
	const struct ct_proto *proto = ct_proto_find(ct, pkt->tuple.proto);
	struct ct_conn *conn = resolve(ct, pkt, found);
	enum ct_result result;
	enum fault fault;

	if (unlikely(conn == NULL)) {
		pkt->hash = found.hash;
		track_unknown(ct, pkt, proto, found.entry != CT_TABLE_MISS);
		return;
	}
	if (likely(pass(ct, conn, pkt)))
		return;
	fault = proto->check == NULL ? FAULT_NONE : proto->check(ct, pkt);
	if (unlikely(fault != FAULT_NONE)) {
		set_invalid(ct, pkt, fault);
		return;
	}
	result = track_in_connection(ct, conn, pkt, proto);
	if (unlikely(result != CT_ACCEPT && result != CT_IGNORE)) {
		pkt->hash = found.hash;
		end_or_refuse(ct, conn, pkt, proto, result);
	}
}

// ICMPv6 that is part of having neighbours, not of having connections: multicast listeners
// (RFC 2710, RFC 3810), neighbour discovery (RFC 4861), multicast routers (RFC 4286).
static bool
is_neighbour_talk(const struct pkt *pkt)
{
	static const bool types[256] = {
		[130] = true, [131] = true, [132] = true, [133] = true, [134] = true,
		[135] = true, [136] = true, [143] = true, [151] = true, [152] = true,
	};

	return pkt->family == FAMILY_IPV6 && pkt->tuple.proto == PROTO_ICMPV6 &&
	       types[pkt->icmp_type];
}

// What becomes of the earlier packets of this pass decides whether the packet can begin a
// connection, and who gives way to it.
static bool
is_room_uncertain(const struct ct *ct, tick_t now)
{
	return ct_is_full(ct) &&
	       (!ct_has_slot(ct) || (ct_is_short_of_places(ct) && !ct_is_next_certain(ct, now)));
}

// An earlier packet of the burst has touched this flow; or decides about the room that a new
// connection needs; or may have announced this one to a helper, or ended it with its call.
static bool
must_wait(const struct ct *ct, const struct pkt *pkt, struct found found)
{
	bool is_known = found.entry != CT_TABLE_MISS &&
			!conn_is_expired(&ct->conns[entry_slot(found.entry)], pkt->now);

	if (ct_is_touched(ct, found.hash) || (!is_known && is_room_uncertain(ct, pkt->now)))
		return true;
	return ct->touched.has_homes && (!is_known || pkt->tuple.proto == PROTO_GRE) &&
	       (ct_expects_are_short(ct->expects, ct->touched.n) ||
		ct_is_touched(ct, packet_home(pkt, ct->secret)));
}

// What is decided without the packet's own connection.
enum early {
	EARLY_DONE,
	EARLY_WAITS, // for the next pass
	EARLY_OPEN,  // nothing is
};

static enum early
decide_early(struct ct *ct, struct pkt *pkt)
{
	enum fault fault;

	if (pkt->is_notrack) {
		set_untracked(pkt);
		return EARLY_DONE;
	}
	if (pkt->fault != FAULT_NONE) {
		set_invalid(ct, pkt, pkt->fault);
		return EARLY_DONE;
	}
	if (pkt->tuple.proto != PROTO_ICMP && pkt->tuple.proto != PROTO_ICMPV6)
		return EARLY_OPEN;
	fault = ct_icmp_check(ct, pkt);
	if (fault != FAULT_NONE) {
		ct_set_error(ct, pkt, fault);
		return EARLY_DONE;
	}
	if (is_neighbour_talk(pkt)) {
		set_untracked(pkt);
		return EARLY_DONE;
	}
	if (!ct_icmp_speaks_of_another(pkt))
		return EARLY_OPEN;
	return ct_track_related(ct, pkt) ? EARLY_DONE : EARLY_WAITS;
}

// One packet. Returns false when it must wait for the next pass.
static inline bool
track_one(struct ct *ct, struct pkt *pkt, struct found found)
{
	if (unlikely(!pkt->is_plain || pkt->is_notrack)) {
		enum early early = decide_early(ct, pkt);

		if (early != EARLY_OPEN)
			return early == EARLY_DONE;
	}
	if (unlikely(ct->touched.n > 0) && must_wait(ct, pkt, found))
		return false;
	track_normal(ct, pkt, found);
	return true;
}

// A packet whose protocol is generic has a tuple without ports, even where it is too short for
// them.
static void
forget_ports(struct pkt *pkt)
{
	pkt->tuple.src_field = 0;
	pkt->tuple.dst_field = 0;
	pkt->has_ports = false;
	if (pkt->fault == FAULT_L4_SHORT) {
		pkt->fault = FAULT_NONE;
		pkt->has_tuple = true;
	}
}

// The tuple becomes what the packet is looked up by. Returns false when it has none.
static bool
complete_tuple(const struct ct *ct, struct pkt *pkt)
{
	if (pkt->is_notrack)
		return false;
	if (ct_is_generic(ct, pkt->tuple.proto))
		forget_ports(pkt);
	if (pkt->has_call_id)
		ct_gre_complete(ct, &pkt->tuple);
	return pkt->has_tuple;
}

// The tuples of those packets that nobody has looked up yet. Returns how many; at[] tells which.
static uint16_t
collect_keys(struct ct *ct, struct pkt *const pkts[], uint16_t n, struct flow_key keys[],
	     bool are_turned[], uint8_t at[])
{
	uint16_t n_keys = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (pkts[i]->is_looked_up)
			continue;
		if (likely(pkts[i]->is_plain && !pkts[i]->is_notrack) ||
		    complete_tuple(ct, pkts[i])) {
			are_turned[n_keys] = key_from_tuple(&pkts[i]->tuple, &keys[n_keys]);
		} else {
			keys[n_keys] = (struct flow_key){{0}}; // is nobody's
			are_turned[n_keys] = false;
		}
		at[n_keys++] = (uint8_t)i;
	}
	return n_keys;
}

// What the lane has found is found, once: behind the first pass it is out of date.
static inline void
take_found(struct pkt *pkt, struct found *found)
{
	if (!pkt->is_looked_up)
		return;
	*found = (struct found){.entry = pkt->entry, .hash = pkt->hash};
	pkt->is_looked_up = false;
}

static void
lookup_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n, struct found found[])
{
	struct flow_key keys[BURST_MAX];
	uint32_t hashes[BURST_MAX];
	uint32_t entries[BURST_MAX];
	bool are_turned[BURST_MAX];
	uint8_t at[BURST_MAX];
	const struct ct_wanted_burst wanted = {keys, hashes, are_turned,
					       collect_keys(ct, pkts, n, keys, are_turned, at)};

	for (uint16_t i = 0; i < n; i++)
		take_found(pkts[i], &found[i]);
	if (wanted.n == 0)
		return;
	hash_keys(ct->secret, keys, wanted.n, hashes);
	ct_table_lookup_burst(ct->table, &wanted, entries);
	for (uint16_t i = 0; i < wanted.n; i++)
		found[at[i]] = (struct found){.entry = entries[i], .hash = hashes[i]};
}

// The rules may change a connection that is in the table.
static inline bool
may_change(const struct pkt *pkt, unsigned int rules)
{
	return (rules & CT_RULES_SET_MARKS) != 0 ||
	       ((rules & CT_RULES_RESET(pkt->class)) != 0 && pkt->tuple.proto == PROTO_TCP);
}

// A packet that has news of its connection, or that a rule may let change it, goes alone: the next
// one of the connection waits until that is done.
static inline void
let_others_wait(struct ct *ct, struct pkt *pkt, unsigned int rules)
{
	const struct ct_conn *conn = pkt->conn;
	bool is_known;

	if (conn == NULL)
		return;
	is_known = conn->life == CT_CONFIRMED;
	pkt->has_news = is_known && conn->events != 0 && ct->events != NULL;
	if (likely(is_known && !pkt->has_news && conn->helper == CT_HELPER_NONE &&
		   (rules & (CT_RULES_SET_MARKS | CT_RULES_RESET_ANY)) == 0))
		return;
	ct->is_pass_plain = false;
	if (conn->life == CT_UNCONFIRMED && (rules & CT_RULES_SET_HELPERS) != 0)
		ct_touch_home(ct, packet_home(pkt, ct->secret));
	if (is_known && (pkt->has_news || conn->helper != CT_HELPER_NONE || may_change(pkt, rules)))
		ct_touch(ct, conn);
}

// A packet has killed a connection behind new ones that others give way to: the place it has left
// is none of theirs. It is the last of its pass.
static inline bool
ends_pass(struct ct *ct)
{
	struct ct_reserve *reserve = &ct->evict.reserve;

	if (likely(reserve->n == 0))
		return false;
	reserve->n_late = ct->stats.destroyed - reserve->n_destroyed;
	return reserve->n_late > 0;
}

uint16_t
ct_track_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n, unsigned int rules)
{
	struct found found[BURST_MAX];

	CONTRACT_OWNER(&ct->owner);
	CONTRACT(n > 0 && n <= BURST_MAX);
	memset(ct->touched.filter, 0, sizeof(ct->touched.filter));
	ct->touched.n = 0;
	ct->touched.has_homes = false;
	ct->is_pass_plain = true;
	lookup_burst(ct, pkts, n, found);
	for (uint16_t i = 0; i < n; i++) {
		if (!track_one(ct, pkts[i], found[i]))
			return i;
		if (ct->wants_entries)
			ct_remember(ct, pkts[i]);
		if (unlikely((rules & CT_RULES_ASK_ACCOUNTS) != 0))
			take_account(ct, pkts[i]);
		let_others_wait(ct, pkts[i], rules);
		if (ends_pass(ct))
			return i + 1;
	}
	return n;
}

static void
confirm_new(struct ct *ct, struct pkt *pkt)
{
	pkt->conn->mark = pkt->mark;
	if (pkt->set_window != 0)
		pkt->conn->window = pkt->set_window - 1;
	if (!ct_conn_confirm(ct, pkt->conn, pkt))
		pkt_drop(pkt, REASON_TABLE_FULL);
	pkt->in_table = pkt->conn->life == CT_CONFIRMED;
}

// Writes back the mark that rules have left with the packet.
static void
take_mark(const struct ct *ct, struct pkt *pkt)
{
	if (pkt->conn->mark == pkt->mark)
		return;
	pkt->conn->mark = pkt->mark;
	pkt->conn->events |= CT_CHANGED_MARK;
	pkt->has_news = ct->events != NULL;
}

static void
update(struct ct *ct, struct pkt *pkt)
{
	struct ct_conn *conn = pkt->conn;

	take_mark(ct, pkt);
	if (!pkt->has_news)
		return;
	if (!ct_event_send(ct, conn, CT_EVENT_UPDATE, pkt->seq, pkt->now_ns))
		ct->stats.events_lost++;
	conn->events = 0;
}

// A new connection has its place, also when a rule has dropped its packet, as in the kernel.
static void
take_place(struct ct *ct, const struct pkt *pkt)
{
	if (pkt->conn != NULL && pkt->conn->life == CT_UNCONFIRMED)
		ct_place_take(ct, pkt);
}

void
ct_confirm_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n)
{
	// What the last packet may have begun follows upon the one it has killed.
	const bool has_heir = ct->evict.reserve.n_late > 0;

	CONTRACT_OWNER(&ct->owner);
	if (ct->is_pass_plain)
		return;
	for (uint16_t i = 0; i < n; i++) {
		struct pkt *pkt = pkts[i];

		if (unlikely(ct->evict.reserve.n > 0) && !(has_heir && i == n - 1))
			take_place(ct, pkt);
		if (pkt->conn == NULL || pkt->verdict != VERDICT_PENDING)
			continue;
		if (unlikely(pkt->set_helper != CT_HELPER_NONE) &&
		    pkt->conn->life == CT_UNCONFIRMED)
			ct_helper_attach(ct, pkt->conn, pkt->set_helper);
		if (unlikely(pkt->conn->helper != CT_HELPER_NONE) && !ct_helper_read(ct, pkt)) {
			pkt_drop(pkt, REASON_HELPER);
			continue;
		}
		if (pkt->conn->life == CT_UNCONFIRMED)
			confirm_new(ct, pkt);
		else if (pkt->conn->life == CT_CONFIRMED)
			update(ct, pkt);
	}
}

void
ct_release_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n)
{
	CONTRACT_OWNER(&ct->owner);
	for (uint16_t i = 0; i < n && !ct->is_pass_plain; i++) {
		struct ct_conn *conn = pkts[i]->conn;

		if (conn != NULL && conn->life == CT_UNCONFIRMED)
			ct_conn_discard(ct, conn);
		// A packet that was dropped has marked its connection all the same, and so has a
		// chain behind confirm. Listeners hear of it with the next packet.
		else if (conn != NULL && conn->life == CT_CONFIRMED)
			take_mark(ct, pkts[i]);
	}
	if (unlikely(ct->evict.reserve.n > 0))
		ct_place_return(ct);
	if (ct->dying_head != SLOT_NONE && n > 0)
		ct_reclaim(ct, pkts[n - 1]->now_ns);
}

unsigned int
ct_reap(struct ct *ct, const uint32_t slots[], unsigned int n, uint64_t now_ns)
{
	tick_t now = tick_from_ns(now_ns);
	unsigned int n_reaped = 0;

	CONTRACT_OWNER(&ct->owner);
	ct_conns_prefetch(ct, slots, n);
	for (unsigned int i = 0; i < n; i++) {
		struct ct_conn *conn = &ct->conns[slots[i]];

		if (conn->life != CT_CONFIRMED || !conn_is_expired(conn, now))
			continue;
		ct->stats.expired++;
		ct_conn_kill(ct, conn, CT_END_EXPIRED, 0, now_ns);
		n_reaped++;
	}
	ct_reclaim(ct, now_ns);
	return n_reaped;
}
