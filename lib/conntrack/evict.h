// SPDX-License-Identifier: BSD-3-Clause
//
// Which connection is evicted when the table is full. Private to conntrack.
//
// Every connection is in a queue, the one longest idle in front. There is a queue for each rank and
// timeout, so connections of one queue are worth the same and expire in their order in the queue:
// only the first of each queue has to be checked, or the first few of answered connections, whose
// order is exact to four seconds only. Assured connections that are not closing keep their position
// while packets arrive, so that their packets cost nothing here; they are evicted only after they
// have expired, and are checked for that in turn.
//
// A new connection gets its place in two steps, since later packets of the burst have already been
// looked up and must get the answers that they would get alone:
//
//   ct_place_reserve   track: chooses who gives way and takes it out of its queue. Packets of that
//                      connection wait for the next pass.
//   ct_place_take      confirm, in the order of the packets: kills who gives way, unless there is
//                      room by now because a rule has dropped a packet in front.
//   ct_place_return    release: who was not needed is the first in its queue again.
//
// Owner only. Nothing here allocates.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "conntrack/conntrack.h"
#include "conntrack/params.h"

struct ct_conn;
struct pkt;

// What a connection is worth, lowest first.
enum ct_rank {
	CT_RANK_UNANSWERED, // half-open or one-way
	CT_RANK_CLOSING,    // a FIN, a reset or the like was seen
	CT_RANK_REPLIED,    // answered, and not assured
	CT_RANK_ASSURED,    // gives way only when it has expired
	CT_RANK_COUNT,
};

#define CT_QUEUE_NONE  0
#define CT_QUEUE_COUNT (1 + CT_RANK_COUNT * CT_TIMEOUT_COUNT)

// All assured connections, whatever their timeout, since their order is not known.
#define CT_QUEUE_ASSURED ct_queue_of(CT_RANK_ASSURED, (enum ct_timeout)0)

// The neighbours of a connection in its queue: slots, SLOT_NONE at either end.
struct ct_link {
	uint32_t next;
	uint32_t prev;
};

struct ct_queue {
	uint32_t first;
	uint32_t last;
};

// Connections that are evicted for new ones of this pass, in order.
struct ct_reserve {
	uint32_t slots[BURST_MAX];
	uint8_t queues[BURST_MAX]; // they came from
	uint16_t n;
	uint16_t n_taken;     // of these
	uint64_t n_destroyed; // ct_stats.destroyed when the first was chosen
	uint64_t n_late;      // connections killed by a packet after the new ones
};

struct ct_evict {
	struct ct_queue queues[CT_QUEUE_COUNT];
	uint64_t waiting[CT_RANK_COUNT]; // a bit for each timeout whose queue is not empty
	uint32_t n[CT_RANK_COUNT];       // connections of a rank
	struct ct_reserve reserve;
};

void ct_evict_init(struct ct *ct);

// Moves a connection to the end of the queue of this rank, because it was just used. Unconfirmed
// ones are queued, too, so that the order is that of the packets.
void ct_evict_move(struct ct *ct, struct ct_conn *conn, uint8_t queue);

// Takes a connection that has ended out of its queue.
void ct_evict_leave(struct ct *ct, struct ct_conn *conn);

static inline uint8_t
ct_queue_of(enum ct_rank rank, enum ct_timeout timeout)
{
	return (uint8_t)(1 + rank * CT_TIMEOUT_COUNT + timeout);
}

// Answered connections move to the end of their queue at most once in this period of four seconds,
// because a move costs cache misses; within that time a continuing UDP flow becomes assured.
static inline uint16_t
ct_queue_period(tick_t now)
{
	return (uint16_t)(now >> 10);
}

static inline enum ct_rank
ct_queue_rank(uint8_t queue)
{
	return (enum ct_rank)((queue - 1) / CT_TIMEOUT_COUNT);
}

static inline enum ct_timeout
ct_queue_timeout(uint8_t queue)
{
	return (enum ct_timeout)((queue - 1) % CT_TIMEOUT_COUNT);
}

// True if another connection needs an eviction, assuming that all new ones of this pass are
// confirmed.
bool ct_is_short_of_places(const struct ct *ct);

// True if the next connection to be evicted does not depend on the earlier packets of this pass.
bool ct_is_next_certain(const struct ct *ct, tick_t now);

// Reserves a connection to be evicted for the one that is about to begin. Returns false if none may
// be.
bool ct_place_reserve(struct ct *ct, tick_t now);

// Evicts a reserved connection for the new connection of this packet, unless there is room by now.
void ct_place_take(struct ct *ct, const struct pkt *pkt);

// The packet begins no connection after all: the connection reserved last is kept.
void ct_place_give_back(struct ct *ct);

// At the end of a pass.
void ct_place_return(struct ct *ct);
