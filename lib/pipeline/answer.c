// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/answer.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "packet/craft.h"
#include "rules/reject.h"

#define SOURCES    4096 // buckets of a worker, a power of two
#define WAYS       8    // places in which the bucket of a source may be
#define ICMP_BURST 6    // errors at once, as in Linux

// A bucket, known by when it will be full again.
struct bucket {
	union address address;
	uint64_t full_ns; // passed: it is full, and the place is free
	uint8_t family;
};

struct answers {
	const struct hash_secret *secret;
	unsigned int n_workers;
	struct bucket all; // without an address
	struct bucket sources[SOURCES];
};

uint64_t
answers_bytes(void)
{
	return bytes_of_object(sizeof(struct answers));
}

struct answers *
answers_create(const struct hash_secret *secret, unsigned int n_workers, int socket)
{
	struct answers *answers = rte_zmalloc_socket("answers", sizeof(*answers), 0, socket);

	if (answers == NULL)
		return NULL;
	answers->secret = secret;
	answers->n_workers = RTE_MAX(n_workers, 1u);
	return answers;
}

void
answers_destroy(struct answers *answers)
{
	rte_free(answers);
}

// True when a bucket that holds so many answers, one of which comes back after each cost_ns, has
// one left.
static bool
has_one(const struct bucket *bucket, uint64_t cost_ns, unsigned int holds, uint64_t now_ns)
{
	return bucket->full_ns <= now_ns || bucket->full_ns - now_ns <= cost_ns * (holds - 1);
}

static void
take_one(struct bucket *bucket, uint64_t cost_ns, uint64_t now_ns)
{
	bucket->full_ns = RTE_MAX(bucket->full_ns, now_ns) + cost_ns;
}

static bool
is_of(const struct bucket *bucket, const struct tuple *tuple)
{
	return bucket->family == tuple->family &&
	       memcmp(&bucket->address, &tuple->src, sizeof(tuple->src)) == 0;
}

// The bucket of the packet's source, which may be another's that gives way.
static struct bucket *
find_bucket(struct answers *answers, const struct pkt *pkt)
{
	struct tuple source = {.src = pkt->tuple.src, .family = pkt->family};
	const uint32_t first = hash_tuple(answers->secret, &source);
	struct bucket *best = NULL;

	for (unsigned int i = 0; i < WAYS; i++) {
		struct bucket *bucket = &answers->sources[(first + i) % SOURCES];

		if (is_of(bucket, &source))
			return bucket;
		if (best == NULL || bucket->full_ns < best->full_ns)
			best = bucket;
	}
	*best = (struct bucket){.address = source.src, .family = source.family};
	return best;
}

// Takes the answer out of its buckets. Returns false when one of them is empty.
static bool
take(struct answers *answers, const struct answer_params *params, const struct pkt *pkt,
     bool is_icmp)
{
	const unsigned int share = RTE_MAX(params->per_second / answers->n_workers, 1u);
	const uint64_t cost_ns = NS_PER_SEC / share;
	const uint64_t source_ns = params->icmp_ratelimit_ms * (NS_PER_SEC / 1000);

	if (params->per_second == 0 || !has_one(&answers->all, cost_ns, share, pkt->now_ns))
		return false;
	if (is_icmp && source_ns > 0) {
		struct bucket *bucket = find_bucket(answers, pkt);

		if (!has_one(bucket, source_ns, ICMP_BURST, pkt->now_ns))
			return false;
		take_one(bucket, source_ns, pkt->now_ns);
	}
	take_one(&answers->all, cost_ns, pkt->now_ns);
	return true;
}

// An empty frame from where the packet has its memory; of a datagram, where a fragment has.
static struct rte_mbuf *
new_frame(const struct pkt *pkt)
{
	const struct rte_mbuf *mbuf = pkt->fragments == NULL ? pkt->mbuf : pkt->fragments->mbuf;

	return rte_pktmbuf_alloc(mbuf->pool);
}

static uint8_t
code_for(const struct reject_with *with, const struct pkt *pkt)
{
	return (uint8_t)(pkt->family == FAMILY_IPV6 ? with->icmpv6_code : with->icmp_code);
}

static enum silence
send(const struct pkt *pkt, unsigned int with, struct emit *emit)
{
	struct rte_mbuf *frame = new_frame(pkt);

	if (frame != NULL &&
	    (with == REJECT_TCP_RESET
		     ? craft_tcp_reset(pkt, frame)
		     : craft_unreachable(pkt, code_for(&reject_withs[with], pkt), frame))) {
		emit_add(emit, frame, pkt->in_port, pkt->seq);
		return SILENCE_SPEAKING;
	}
	rte_pktmbuf_free(frame);
	return SILENCE_NO_MEMORY;
}

void
answer_rejected(struct answers *answers, const struct answer_params *params,
		const struct ruleset *ruleset, struct pkt *pkt, struct emit *emit)
{
	const unsigned int with = ruleset_rule_reject_with(ruleset, pkt->rule);
	const bool is_reset = with == REJECT_TCP_RESET;
	enum silence silence = is_reset ? answerable_by_reset(pkt) : answerable_by_icmp(pkt);

	if (silence == SILENCE_SPEAKING && !take(answers, params, pkt, !is_reset))
		silence = SILENCE_RATE;
	if (silence == SILENCE_SPEAKING)
		silence = send(pkt, with, emit);
	pkt->silence = (uint8_t)silence;
	if (silence != SILENCE_SPEAKING)
		pkt->answer = ANSWER_NONE;
	else
		pkt->answer = is_reset ? ANSWER_TCP_RESET : ANSWER_ICMP;
}

bool
answer_is_reset(const struct answer_params *params, const struct ruleset *ruleset,
		const struct pkt *pkt)
{
	return params->per_second > 0 &&
	       ruleset_rule_reject_with(ruleset, pkt->rule) == REJECT_TCP_RESET &&
	       answerable_by_reset(pkt) == SILENCE_SPEAKING;
}
