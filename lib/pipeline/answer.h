// SPDX-License-Identifier: BSD-3-Clause
//
// Answers to rejected packets: whether, how often, and into the list of what is to be sent.
//
// There is a bound for all answers of a second, of which each worker has its part, and one for ICMP
// errors to the same address. Both are buckets that are full after a while of silence: the first
// holds the answers of a second, the second six, as in Linux. A bucket that is full again need not
// be remembered, so a table of limited size knows all that matter; when it has no place left, the
// bucket that is closest to being full gives way.
//
// Life cycle: one per pipeline. Its worker only.
#pragma once

#include "packet/answerable.h"
#include "packet/hash.h"
#include "pipeline/emit.h"
#include "rules/ruleset.h"
#include "settings/config.h"

struct answers;

// How much of EAL's memory answers_create reserves.
uint64_t answers_bytes(void);

// => Returns NULL with rte_errno set when memory is short. The secret is kept.
struct answers *answers_create(const struct hash_secret *secret, unsigned int n_workers,
			       int socket);
void answers_destroy(struct answers *answers); // takes NULL

// A rule of the ruleset has rejected the packet: pkt.answer and pkt.silence tell how it is
// answered, and if it is, the frame is in the list. The frame leaves at the port the packet came in
// at; its memory is of the pool that the packet's is from.
// => Packets in their order. Bounded, no allocation but that one.
void answer_rejected(struct answers *answers, const struct answer_params *params,
		     const struct ruleset *ruleset, struct pkt *pkt, struct emit *emit);

// True when the rejected packet is answered with a TCP reset, unless there have been too many.
bool answer_is_reset(const struct answer_params *params, const struct ruleset *ruleset,
		     const struct pkt *pkt);
