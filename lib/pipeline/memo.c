// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/memo.h"

#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "base/bytes.h"

#define OUTCOMES_MAX 16384 // what comes later is not remembered
#define INDEX_SIZE   (2 * OUTCOMES_MAX)
#define NO_OUTCOME   UINT32_MAX
#define UPPER_HALF   0x8000 // of the numbers of generations

uint64_t
memos_bytes(void)
{
	return bytes_of_object(OUTCOMES_MAX * sizeof(struct outcome)) +
	       bytes_of_object((uint64_t)INDEX_SIZE * sizeof(*((struct memos *)NULL)->index));
}

bool
memos_init(struct memos *memos, const struct snapshot *snapshot, unsigned int first,
	   unsigned int end)
{
	*memos = (struct memos){
		.generation = (uint16_t)(1 + snapshot->generation % UINT16_MAX),
		.last_chain = (uint8_t)(end - 1),
	};
	memos->first_rule = first < end ? ruleset_chain_first(snapshot->ruleset, first) : RULE_NONE;
	for (int of_tcp = 0; of_tcp < 2; of_tcp++) {
		memos->alike[of_tcp] = UINT8_MAX;
		for (unsigned int chain = first; chain < end; chain++) {
			memos->alike[of_tcp] &=
				ruleset_classes_alike(snapshot->ruleset, chain, of_tcp);
			memos->in_doubt[of_tcp] |=
				ruleset_classes_in_doubt(snapshot->ruleset, chain, of_tcp);
		}
	}
	for (unsigned int port = 0; port < PORTS_MAX; port++)
		memos->established[port] = memo_facts_of(CLASS_ESTABLISHED, (uint8_t)port);
	memos->outcomes = rte_malloc("outcomes", OUTCOMES_MAX * sizeof(memos->outcomes[0]), 0);
	memos->index =
		rte_zmalloc("outcome_index", (size_t)INDEX_SIZE * sizeof(memos->index[0]), 0);
	return memos->outcomes != NULL && memos->index != NULL;
}

bool
memos_enter_half(const struct memos *memos, const struct memos *next, uint16_t *low, uint16_t *high)
{
	bool is_upper = next->generation >= UPPER_HALF;

	*low = is_upper ? UPPER_HALF : 1;
	*high = is_upper ? UINT16_MAX : UPPER_HALF - 1;
	return is_upper != (memos->generation >= UPPER_HALF);
}

void
memos_fini(struct memos *memos)
{
	rte_free(memos->outcomes);
	rte_free(memos->index);
	*memos = (struct memos){0};
}

// What the rules have said to the packet, apart from what it brought along: where they have only
// let it pass by their policies, a chain before conntrack may have said something else to it than
// it will to the next one.
static struct outcome
outcome_of(const struct memos *memos, const struct pkt *pkt)
{
	struct outcome outcome = {
		.verdict = pkt->verdict,
		.reason = pkt->reason,
		.chain = pkt->chain,
		.n_counters = pkt->n_trail,
		.rule = pkt->rule,
	};

	if (pkt->rule < memos->first_rule) {
		outcome.reason = REASON_DEFAULT;
		outcome.chain = memos->last_chain;
		outcome.rule = RULE_NONE;
	}
	memcpy(outcome.counters, pkt->trail, sizeof(outcome.counters));
	return outcome;
}

static inline bool
is_same(const struct outcome *a, const struct outcome *b)
{
	return memcmp(a, b, 8) == 0 && memcmp(a->counters, b->counters, sizeof(a->counters)) == 0;
}

_Static_assert(offsetof(struct outcome, counters) == 8, "what is compared is all of it");

// The number of an outcome, which is new if it has none yet; NO_OUTCOME if there is no room. New
// connections in a row mostly have the same one.
static uint32_t
number_of(struct memos *memos, const struct outcome *outcome)
{
	uint32_t at;

	if (memos->n > 0 && is_same(&memos->outcomes[memos->last], outcome))
		return memos->last;
	at = rte_hash_crc(outcome, sizeof(*outcome), 0) % INDEX_SIZE;
	for (; memos->index[at] != 0; at = (at + 1) % INDEX_SIZE) {
		uint32_t number = memos->index[at] - 1u;

		if (is_same(&memos->outcomes[number], outcome))
			return memos->last = number;
	}
	if (memos->n == OUTCOMES_MAX)
		return NO_OUTCOME;
	memos->outcomes[memos->n] = *outcome;
	memos->index[at] = (uint16_t)(memos->n + 1);
	return memos->last = memos->n++;
}

_Static_assert(OUTCOMES_MAX <= MEMO_PASSES, "a number leaves the bit free");

void
memo_store(struct memos *memos, struct pkt *pkt)
{
	const bool is_tcp = pkt->tuple.proto == PROTO_TCP;
	const bool is_alike = (memos->alike[is_tcp] >> pkt->class & 1) != 0;
	struct outcome outcome;
	uint32_t number;

	// The connection of a packet for which a rule has set a helper has that helper from the
	// next packet on.
	if (pkt->n_trail > TRAIL_MAX || pkt->set_helper != 0 ||
	    (!is_alike && (pkt->memo == NULL || (memos->in_doubt[is_tcp] >> pkt->class & 1) != 0)))
		return;
	outcome = outcome_of(memos, pkt);
	number = number_of(memos, &outcome);
	if (number == NO_OUTCOME)
		return;
	if (is_alike)
		memos->of_class[is_tcp][pkt->class] = (uint16_t)(number + 1);
	memo_keep(memos, pkt, number);
}
