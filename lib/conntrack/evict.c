// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/evict.h"

#include <rte_prefetch.h>

#include "base/contract.h"
#include "conntrack/conn.h"

// A part of the table that the unanswered keep for themselves while others can give way. Without
// it a flood that gets answers would leave newcomers no time to get theirs.
#define NEWCOMERS_SHARE 16

#define REPLIED_LOOK 8  // of the first of a queue of answered ones, which is nearly in order
#define ASSURED_LOOK 8  // assured connections that are looked at, in case one has expired
#define RELIEF_SHARE 20 // the part of a table that relief keeps free: above 95 %, as the kernel

_Static_assert(CT_TIMEOUT_COUNT <= 64, "a bit for each");
_Static_assert(CT_QUEUE_COUNT <= UINT8_MAX, "a queue's number is a byte");

void
ct_evict_init(struct ct *ct)
{
	for (unsigned int i = 0; i < CT_QUEUE_COUNT; i++)
		ct->evict.queues[i] = (struct ct_queue){SLOT_NONE, SLOT_NONE};
}

static void
note_one_more(struct ct_evict *evict, uint8_t queue)
{
	enum ct_rank rank = ct_queue_rank(queue);

	evict->n[rank]++;
	evict->waiting[rank] |= UINT64_C(1) << ct_queue_timeout(queue);
}

static void
note_one_less(struct ct_evict *evict, uint8_t queue)
{
	enum ct_rank rank = ct_queue_rank(queue);

	evict->n[rank]--;
	if (evict->queues[queue].first == SLOT_NONE)
		evict->waiting[rank] &= ~(UINT64_C(1) << ct_queue_timeout(queue));
}

static void
link_last(struct ct *ct, struct ct_conn *conn)
{
	struct ct_queue *queue = &ct->evict.queues[conn->queue];
	uint32_t slot = conn_slot(ct, conn);

	conn->link = (struct ct_link){.next = SLOT_NONE, .prev = queue->last};
	if (queue->last == SLOT_NONE)
		queue->first = slot;
	else
		ct->conns[queue->last].link.next = slot;
	queue->last = slot;
	note_one_more(&ct->evict, conn->queue);
}

static void
link_first(struct ct *ct, struct ct_conn *conn)
{
	struct ct_queue *queue = &ct->evict.queues[conn->queue];
	uint32_t slot = conn_slot(ct, conn);

	conn->link = (struct ct_link){.next = queue->first, .prev = SLOT_NONE};
	if (queue->first == SLOT_NONE)
		queue->last = slot;
	else
		ct->conns[queue->first].link.prev = slot;
	queue->first = slot;
	note_one_more(&ct->evict, conn->queue);
}

static void
unlink_conn(struct ct *ct, struct ct_conn *conn)
{
	struct ct_queue *queue = &ct->evict.queues[conn->queue];
	struct ct_link link = conn->link;

	if (link.prev == SLOT_NONE)
		queue->first = link.next;
	else
		ct->conns[link.prev].link.next = link.next;
	if (link.next == SLOT_NONE)
		queue->last = link.prev;
	else
		ct->conns[link.next].link.prev = link.prev;
	note_one_less(&ct->evict, conn->queue);
}

void
ct_evict_leave(struct ct *ct, struct ct_conn *conn)
{
	if (conn->queue != CT_QUEUE_NONE)
		unlink_conn(ct, conn);
	conn->queue = CT_QUEUE_NONE;
}

void
ct_evict_move(struct ct *ct, struct ct_conn *conn, uint8_t queue)
{
	if (queue == conn->queue && ct->evict.queues[queue].last == conn_slot(ct, conn))
		return;
	if (conn->queue != CT_QUEUE_NONE)
		unlink_conn(ct, conn);
	conn->queue = queue;
	link_last(ct, conn);
}

// Places that are taken for good: by what is in the table, and by what has left it and cannot be
// told.
static uint64_t
n_taken(const struct ct *ct)
{
	return ct->stats.confirmed - ct->stats.destroyed + ct->n_untold;
}

bool
ct_is_short_of_places(const struct ct *ct)
{
	return n_taken(ct) + ct->n_unconfirmed >= (uint64_t)ct->capacity + ct->evict.reserve.n;
}

static uint32_t
newcomers_share(const struct ct *ct)
{
	return ct->capacity / NEWCOMERS_SHARE;
}

// Who is first in the queues of a rank.
struct firsts {
	uint32_t expired; // one that has; SLOT_NONE: none has
	uint32_t idle;    // the one longest idle, or SLOT_NONE
};

// The first of a queue, by the time that is left to it.
static uint32_t
first_of(const struct ct *ct, enum ct_rank rank, enum ct_timeout timeout)
{
	uint32_t first = ct->evict.queues[ct_queue_of(rank, timeout)].first;
	uint32_t slot = first;

	for (int i = 1; rank == CT_RANK_REPLIED && i < REPLIED_LOOK; i++) {
		slot = ct->conns[slot].link.next;
		if (slot == SLOT_NONE)
			break;
		if (ticks_until(ct->conns[slot].deadline, ct->conns[first].deadline) < 0)
			first = slot;
	}
	return first;
}

static struct firsts
look_at_firsts(const struct ct *ct, enum ct_rank rank, tick_t now)
{
	struct firsts firsts = {SLOT_NONE, SLOT_NONE};
	int32_t longest = 0;

	for (uint64_t bits = ct->evict.waiting[rank]; bits != 0; bits &= bits - 1) {
		enum ct_timeout timeout = (enum ct_timeout)__builtin_ctzll(bits);
		uint32_t slot = first_of(ct, rank, timeout);
		int32_t left = ticks_until(ct->conns[slot].deadline, now);
		int32_t idle = (int32_t)ct->timeouts[timeout] - left;

		if (left <= 0)
			firsts.expired = slot;
		if (firsts.idle == SLOT_NONE || idle > longest) {
			firsts.idle = slot;
			longest = idle;
		}
	}
	return firsts;
}

// An assured connection that has expired and that the service core has not found yet. Those that
// are looked at in vain go to the end, so that every try looks at others.
static uint32_t
find_expired_assured(struct ct *ct, tick_t now)
{
	for (int i = 0; i < ASSURED_LOOK && ct->evict.n[CT_RANK_ASSURED] > 0; i++) {
		uint32_t slot = ct->evict.queues[CT_QUEUE_ASSURED].first;
		struct ct_conn *conn = &ct->conns[slot];

		if (conn_is_expired(conn, now))
			return slot;
		ct_evict_move(ct, conn, CT_QUEUE_ASSURED);
	}
	return SLOT_NONE;
}

// An expired connection before all others, then by rank.
static uint32_t
choose(struct ct *ct, tick_t now)
{
	struct firsts firsts[CT_RANK_ASSURED];

	for (int rank = 0; rank < CT_RANK_ASSURED; rank++) {
		firsts[rank] = look_at_firsts(ct, (enum ct_rank)rank, now);
		if (firsts[rank].expired != SLOT_NONE)
			return firsts[rank].expired;
	}
	if (ct->evict.n[CT_RANK_UNANSWERED] > newcomers_share(ct))
		return firsts[CT_RANK_UNANSWERED].idle;
	for (int rank = CT_RANK_UNANSWERED + 1; rank < CT_RANK_ASSURED; rank++) {
		if (firsts[rank].idle != SLOT_NONE)
			return firsts[rank].idle;
	}
	if (firsts[CT_RANK_UNANSWERED].idle != SLOT_NONE)
		return firsts[CT_RANK_UNANSWERED].idle;
	return find_expired_assured(ct, now);
}

// The earlier packets of a pass can make fewer unanswered ones, by dropping theirs or by answering,
// but at most one each.
bool
ct_is_next_certain(const struct ct *ct, tick_t now)
{
	if (ct->evict.n[CT_RANK_UNANSWERED] <= newcomers_share(ct) + 2 * BURST_MAX)
		return false;
	for (int rank = 0; rank < CT_RANK_ASSURED; rank++) {
		if (look_at_firsts(ct, (enum ct_rank)rank, now).expired != SLOT_NONE)
			return false;
	}
	return true;
}

// Who is next, and what is behind this one, is on its way.
static void
prefetch_next(const struct ct *ct, const struct ct_conn *conn)
{
	rte_prefetch0(conn_cold(ct, conn));
	ct_table_prefetch(ct->table, ct_conn_hash(ct, conn));
	if (conn->link.next != SLOT_NONE) {
		rte_prefetch0(&ct->conns[conn->link.next]);
		rte_prefetch0(&ct->conns[conn->link.next].link);
	}
}

bool
ct_place_reserve(struct ct *ct, tick_t now)
{
	struct ct_reserve *reserve = &ct->evict.reserve;
	uint32_t slot = choose(ct, now);
	struct ct_conn *conn;

	if (slot == SLOT_NONE)
		return false;
	conn = &ct->conns[slot];
	prefetch_next(ct, conn);
	if (reserve->n == 0)
		reserve->n_destroyed = ct->stats.destroyed;
	reserve->slots[reserve->n] = slot;
	reserve->queues[reserve->n++] = conn->queue;
	ct_evict_leave(ct, conn);
	ct_touch(ct, conn);
	return true;
}

static void
give_way(struct ct *ct, struct ct_conn *conn, uint64_t seq, uint64_t now_ns)
{
	const bool is_expired = conn_is_expired(conn, tick_from_ns(now_ns));

	ct->stats.expired += is_expired;
	ct->stats.early_drop += !is_expired;
	ct_conn_kill(ct, conn, is_expired ? CT_END_EXPIRED : CT_END_EVICTED, seq, now_ns);
}

void
ct_place_take(struct ct *ct, const struct pkt *pkt)
{
	struct ct_reserve *reserve = &ct->evict.reserve;

	if (n_taken(ct) + reserve->n_late < ct->capacity)
		return;
	while (reserve->n_taken < reserve->n) {
		struct ct_conn *conn = &ct->conns[reserve->slots[reserve->n_taken++]];

		// It may have ended with another one meanwhile.
		if (conn->life == CT_CONFIRMED) {
			give_way(ct, conn, pkt->seq, pkt->now_ns);
			return;
		}
	}
}

void
ct_place_give_back(struct ct *ct)
{
	struct ct_reserve *reserve = &ct->evict.reserve;
	struct ct_conn *conn = &ct->conns[reserve->slots[--reserve->n]];

	if (conn->life == CT_CONFIRMED) {
		conn->queue = reserve->queues[reserve->n];
		link_first(ct, conn);
	}
}

void
ct_place_return(struct ct *ct)
{
	struct ct_reserve *reserve = &ct->evict.reserve;

	while (reserve->n > reserve->n_taken)
		ct_place_give_back(ct);
	reserve->n = 0;
	reserve->n_taken = 0;
	reserve->n_late = 0;
}

unsigned int
ct_relieve(struct ct *ct, uint64_t now_ns, unsigned int max)
{
	const uint32_t mark = ct->capacity - ct->capacity / RELIEF_SHARE;
	const uint32_t *n = ct->evict.n;
	unsigned int n_relieved = 0;

	CONTRACT_OWNER(&ct->owner);
	while (n_relieved < max && n_taken(ct) > mark &&
	       (n[CT_RANK_UNANSWERED] > newcomers_share(ct) || n[CT_RANK_CLOSING] > 0)) {
		give_way(ct, &ct->conns[choose(ct, tick_from_ns(now_ns))], 0, now_ns);
		n_relieved++;
	}
	if (n_relieved > 0)
		ct_reclaim(ct, now_ns);
	return n_relieved;
}
