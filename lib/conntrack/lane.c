// SPDX-License-Identifier: BSD-3-Clause
//
// The part of the lane that knows connections: pipeline/lane.c tells what the lane is.
//
// A packet passes when all that would happen to it is that its connection is used: the tracker
// takes the packet by its rule for common ones (proto/pass.h), nobody waits for an event, no helper
// reads it, and the outcome that is remembered lets it pass.
#include "conntrack/conn.h"

#include <rte_branch_prediction.h>

#include "base/contract.h"
#include "conntrack/proto/pass.h"

// Flows that packets which did not pass have touched, a bit for every hash.
struct touched {
	uint64_t filter[4];
	bool any;
};

static inline void
touch(struct touched *touched, uint32_t hash)
{
	touched->filter[hash >> 6 & 3] |= UINT64_C(1) << (hash & 63);
	touched->any = true;
}

static inline bool
is_touched(const struct touched *touched, uint32_t hash)
{
	return unlikely(touched->any) && (touched->filter[hash >> 6 & 3] >> (hash & 63) & 1) != 0;
}

// Packets that do not pass may begin connections for which others must go.
static bool
is_room_short(const struct ct *ct)
{
	return ct->used_slots - ct->n_free + BURST_MAX > ct->capacity;
}

// The bytes of a connection that tell whether its packets may pass, at once.
union traits {
	struct {
		uint8_t life, status, events, helper;
	};
	uint32_t word;
};

_Static_assert(offsetof(struct ct_conn, status) == offsetof(struct ct_conn, life) + 1 &&
		       offsetof(struct ct_conn, events) == offsetof(struct ct_conn, life) + 2 &&
		       offsetof(struct ct_conn, helper) == offsetof(struct ct_conn, life) + 3,
	       "traits are these bytes");

static inline uint32_t
traits_of(const struct ct_conn *conn)
{
	uint32_t word;

	memcpy(&word, &conn->life, sizeof(word));
	return word;
}

// What a burst's packets must meet with to pass: an answered connection without helper and, if
// anybody listens, without news.
struct terms {
	uint32_t asked; // bits of traits
	uint32_t wanted;
	const uint8_t *facts;
	uint16_t generation;
};

static inline struct terms
terms_of(const struct ct *ct, const struct ct_lane *lane)
{
	const union traits asked = {{.status = CT_SEEN_REPLY,
				     .events = ct->events == NULL ? 0 : UINT8_MAX,
				     .helper = UINT8_MAX}};
	const union traits wanted = {{.status = CT_SEEN_REPLY, .helper = CT_HELPER_NONE}};

	return (struct terms){asked.word, wanted.word, lane->facts, lane->generation};
}

// The connection is open to the lane, and the outcome that it remembers lets the packet pass.
static __rte_always_inline bool
is_open(const struct ct_conn *conn, enum dir dir, uint8_t in_port, const struct terms *terms)
{
	const struct verdict_memo *memo = &conn->memo;

	return (traits_of(conn) & terms->asked) == terms->wanted &&
	       memo->generation == terms->generation && memo->facts[dir] == terms->facts[in_port] &&
	       (memo->outcome[dir] & MEMO_PASSES) != 0;
}

static __rte_always_inline bool
pass(const struct ct *ct, struct ct_lane *lane, const struct terms *terms, uint16_t i,
     uint32_t entry)
{
	struct ct_conn *conn = &ct->conns[entry_slot(entry)];
	const struct pkt *pkt = &lane->pkts[i];
	const enum dir dir = entry_side(entry);
	const struct glance *glance = &lane->glances.at[i];
	uint32_t ticks;

	if (!is_open(conn, dir, pkt->in_port, terms) || conn_is_expired(conn, pkt->now))
		return false;
	ticks = proto_pass(ct, conn, pkt->mbuf, glance, dir, pkt->now);
	if (unlikely(ticks == 0))
		return false;
	conn_count(ct, conn, dir, glance->l3_len);
	conn_refresh(conn, pkt->now, ticks);
	lane->outcomes[i] = conn->memo.outcome[dir];
	return true;
}

// What the stages would have found out about a packet that has passed.
static __rte_noinline void
tell(const struct ct *ct, struct pkt *pkt, uint32_t entry)
{
	struct ct_conn *conn = &ct->conns[entry_slot(entry)];

	pkt->conn = conn;
	pkt->memo = &conn->memo;
	pkt->dir = (uint8_t)entry_side(entry);
	pkt->class = CLASS_ESTABLISHED;
	ct_remember(ct, pkt);
}

// The first packets of the burst, as long as each of them passes. Returns how many.
static inline uint16_t
pass_first(const struct ct *ct, struct ct_lane *lane, const uint32_t entries[])
{
	const uint16_t n = (uint16_t)(~lane->plain == 0 ? 64 : __builtin_ctzll(~lane->plain));
	const struct terms terms = terms_of(ct, lane);
	uint16_t i = 0;

	while (i < n && entries[i] != CT_TABLE_MISS && pass(ct, lane, &terms, i, entries[i]))
		i++;
	return i;
}

// The others, from a packet that may not pass. Returns those that have passed.
static __rte_noinline uint64_t
pass_others(const struct ct *ct, struct ct_lane *lane, uint16_t first, const uint32_t hashes[],
	    const uint32_t entries[])
{
	const struct terms terms = terms_of(ct, lane);
	struct touched touched = {0};
	uint64_t passed = 0;

	for (uint16_t i = first; i < lane->n; i++) {
		if ((lane->plain >> i & 1) != 0 && entries[i] != CT_TABLE_MISS &&
		    !is_touched(&touched, hashes[i]) && pass(ct, lane, &terms, i, entries[i])) {
			passed |= UINT64_C(1) << i;
			if (unlikely(ct->wants_entries))
				tell(ct, &lane->pkts[i], entries[i]);
			continue;
		}
		if ((lane->ends >> i & 1) != 0 || is_room_short(ct))
			break;
		touch(&touched, hashes[i]);
	}
	return passed;
}

// The others need not be looked up again.
static inline void
leave_found(struct ct_lane *lane, uint64_t left, const uint32_t hashes[], const uint32_t entries[])
{
	for (; left != 0; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		lane->pkts[i].hash = hashes[i];
		lane->pkts[i].entry = entries[i];
		lane->pkts[i].is_looked_up = true;
	}
}

uint64_t
ct_pass_burst(struct ct *ct, struct ct_lane *lane)
{
	uint32_t hashes[BURST_MAX], entries[BURST_MAX];
	const struct ct_wanted_burst wanted = {lane->glances.keys, hashes, lane->glances.are_turned,
					       lane->n};
	uint16_t n_first = 0;
	uint64_t passed;

	CONTRACT_OWNER(&ct->owner);
	CONTRACT(lane->n > 0 && lane->n <= BURST_MAX);
	hash_keys(ct->secret, lane->glances.keys, lane->n, hashes);
	ct_table_lookup_burst(ct->table, &wanted, entries);
	if (likely(!ct->wants_entries))
		n_first = pass_first(ct, lane, entries);
	passed = n_first == 0 ? 0 : UINT64_MAX >> (64 - n_first);
	if (unlikely(n_first < lane->n))
		passed |= pass_others(ct, lane, n_first, hashes, entries);
	leave_found(lane, lane->plain & ~passed, hashes, entries);
	ct->stats.found += (uint64_t)__builtin_popcountll(passed);
	// Where all pass, no pass of the stages ends that would do it.
	if (unlikely(ct->dying_head != SLOT_NONE) && __builtin_popcountll(passed) == lane->n)
		ct_reclaim(ct, lane->pkts[lane->n - 1].now_ns);
	return passed;
}
