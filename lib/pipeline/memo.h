// SPDX-License-Identifier: BSD-3-Clause
//
// What the rules behind conntrack said to a connection's packets, so that they need not be asked
// again for each.
//
// An outcome is all that came of asking them: the verdict, who gave it, and which counters counted
// the packet. Outcomes are numbered, each once, as they occur. A connection remembers for either
// direction the number of the last one and the facts about the packet that it does not know itself:
// class and input port (struct verdict_memo). All else a rule may look at is the same for every
// packet of a connection and direction, but for keys that vary with the packet, and for marks where
// rules set them (rules/match_keys.def says which): what depends on those is never remembered. So
// the result, counters included, is that of asking every time. Chains before conntrack have their
// say about every packet anew: where all policies accept, the name of a rule that accepted there
// stays.
//
// Where the rules say the same to every packet of a class (ruleset_classes_alike), the first such
// packet is asked about for all: the others, of whatever connection, have its outcome.
//
// Life cycle: one per pipeline, for its snapshot. Its worker only.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>

#include "packet/packet.h"
#include "pipeline/snapshot.h"

// Rules that counted a packet, and what they made of it.
struct outcome {
	uint8_t verdict;
	uint8_t reason;
	uint8_t chain;
	uint8_t n_counters;
	uint32_t rule;
	uint32_t counters[TRAIL_MAX];
};

struct memos {
	uint16_t generation;
	uint8_t in_doubt[2]; // classes whose packets are always asked about, a bit each: of TCP [1]
	uint8_t alike[2];    // classes all of whose packets have one outcome, likewise
	uint8_t last_chain;  // of those that are asked
	uint8_t established[PORTS_MAX]; // facts of packets of that class, by port
	uint32_t first_rule; // of their rules; those below it belong to chains before conntrack
	uint32_t n;
	uint32_t last; // that was looked up
	struct outcome *outcomes;
	uint16_t *index;                   // open addressing, a number plus one; 0: free
	uint16_t of_class[2][CLASS_COUNT]; // the outcome of those alike plus one; 0: not known yet
};

#define MEMO_PORT_SHIFT 3

_Static_assert(CLASS_COUNT <= 1 << MEMO_PORT_SHIFT, "a class has its bits of the facts");
_Static_assert(PORTS_MAX <= 1 << (8 - MEMO_PORT_SHIFT), "a port has the others");

// How much of EAL's memory memos_init takes.
uint64_t memos_bytes(void);

// For the chains [first, end) of the snapshot's ruleset.
// => Returns false when memory is short.
bool memos_init(struct memos *memos, const struct snapshot *snapshot, unsigned int first,
		unsigned int end);
void memos_fini(struct memos *memos); // takes what is all zero

// The numbers of generations come again, 65,535 snapshots later, and who remembers one of the old
// ones must have forgotten it by then. Returns true when the generation that follows is the first
// of a half of the numbers: these are *low to *high.
bool memos_enter_half(const struct memos *memos, const struct memos *next, uint16_t *low,
		      uint16_t *high);

static inline uint8_t
memo_facts_of(enum pkt_class class_, uint8_t in_port)
{
	return (uint8_t)(class_ | in_port << MEMO_PORT_SHIFT);
}

static inline uint8_t
memo_facts(const struct pkt *pkt)
{
	return memo_facts_of((enum pkt_class)pkt->class, pkt->in_port);
}

// The number of the outcome that is remembered for a direction.
static inline uint32_t
memo_number(const struct verdict_memo *memo, enum dir dir)
{
	return memo->outcome[dir] & ~(uint32_t)MEMO_PASSES;
}

// Packets in a row that have one outcome, until they are counted.
struct recalled {
	uint32_t number; // of the outcome
	uint32_t packets;
	uint64_t bytes;
};

// They are counted by the rules that counted the first of them.
static inline void
recalled_count(const struct memos *memos, const struct recalled *recalled,
	       struct rule_counter counters[])
{
	const struct outcome *outcome = &memos->outcomes[recalled->number];

	for (uint8_t i = 0; recalled->packets > 0 && i < outcome->n_counters; i++) {
		counters[outcome->counters[i]].packets += recalled->packets;
		counters[outcome->counters[i]].bytes += recalled->bytes;
	}
}

// A packet of l3_len bytes has the outcome with this number.
// => It is counted when recalled_count is called, here or after the last packet.
static inline void
recalled_add(const struct memos *memos, struct recalled *recalled, uint32_t number, uint32_t l3_len,
	     struct rule_counter counters[])
{
	if (unlikely(number != recalled->number)) {
		recalled_count(memos, recalled, counters);
		*recalled = (struct recalled){.number = number};
	}
	recalled->packets++;
	recalled->bytes += l3_len;
}

static inline bool
outcome_passes(const struct outcome *outcome)
{
	return outcome->verdict == VERDICT_ACCEPT || outcome->verdict == VERDICT_PENDING;
}

// The connection of the packet, if it has one, remembers this outcome for those that follow.
static inline void
memo_keep(const struct memos *memos, const struct pkt *pkt, uint32_t number)
{
	struct verdict_memo *memo = pkt->memo;

	if (memo == NULL)
		return;
	if (memo->generation != memos->generation)
		*memo = (struct verdict_memo){.generation = memos->generation};
	memo->facts[pkt->dir] = memo_facts(pkt);
	memo->outcome[pkt->dir] =
		(uint16_t)(number | (outcome_passes(&memos->outcomes[number]) ? MEMO_PASSES : 0));
}

// Finds the outcome that is remembered for the packet. Returns false when none is.
static inline bool
memo_find(const struct memos *memos, const struct pkt *pkt, uint32_t *number)
{
	const struct verdict_memo *memo = pkt->memo;
	uint16_t of_class;

	if (likely(memo != NULL && memo->generation == memos->generation &&
		   memo->facts[pkt->dir] == memo_facts(pkt))) {
		*number = memo_number(memo, (enum dir)pkt->dir);
		return true;
	}
	of_class = memos->of_class[pkt->tuple.proto == PROTO_TCP][pkt->class];
	if (of_class == 0)
		return false;
	*number = of_class - 1u;
	memo_keep(memos, pkt, *number);
	return true;
}

// Gives the packet the verdict that is remembered for it. Returns false when none is: the rules
// must be asked.
// => The packet is counted as by recalled_add.
static inline bool
memo_recall(const struct memos *memos, struct pkt *pkt, struct recalled *recalled,
	    struct rule_counter counters[])
{
	const struct outcome *outcome;
	uint32_t number;

	if (!memo_find(memos, pkt, &number))
		return false;
	outcome = &memos->outcomes[number];
	recalled_add(memos, recalled, number, pkt->l3_len, counters);
	if (unlikely(pkt->rule != RULE_NONE) && outcome->verdict == VERDICT_PENDING &&
	    outcome->rule == RULE_NONE)
		return true; // what a rule before conntrack said outranks policies that accept
	pkt->verdict = outcome->verdict;
	pkt->reason = outcome->reason;
	pkt->chain = outcome->chain;
	pkt->rule = outcome->rule;
	return true;
}

// Before the rules are asked about a packet: it is theirs what its trail holds.
static inline void
memo_ask(struct pkt *pkt)
{
	pkt->n_trail = 0;
	memset(pkt->trail, 0, sizeof(pkt->trail));
}

// Remembers what the rules have just said to the packet, if others like it would hear the same.
// => memo_ask before they were asked.
void memo_store(struct memos *memos, struct pkt *pkt);
