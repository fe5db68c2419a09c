// SPDX-License-Identifier: BSD-3-Clause
//
// The path of a packet through one worker: the built-in stages and the configured chains, in the
// order of their priorities (stages.c). The last stage leaves the packets to whoever received them,
// who sends the accepted ones.
//
// Life cycle: one pipeline per worker, created before it starts, given the plan of a new snapshot
// between two bursts, destroyed after the worker has ended. Only its worker runs it.
#pragma once

#include "conntrack/conntrack.h"
#include "packet/answerable.h"
#include "packet/hash.h"
#include "pipeline/burst.h"
#include "pipeline/cycles.h"
#include "pipeline/emit.h"
#include "pipeline/plan.h"

struct pipeline;
struct steer;

// Frames by what became of them. All but held only grow. The owner writes, anybody reads.
struct pipeline_stats {
	uint64_t packets; // accepted, rejected or dropped
	uint64_t bytes;   // of these frames
	uint64_t lane;    // of the packets, those that took the lane
	uint64_t handed_over;
	uint64_t held;     // fragments that wait at the moment; counted in nothing else yet
	uint64_t accepted; // and sent
	uint64_t rejected;
	uint64_t answers[ANSWER_COUNT];     // packets rejected, by how they were answered
	uint64_t unanswered[SILENCE_COUNT]; // those that were not, by why
	uint64_t unsent;                    // answers that the port did not take
	uint64_t dropped[REASON_COUNT];     // by reason
	uint64_t faults[FAULT_COUNT];       // malformed and invalid packets by what is wrong
	uint64_t classes[CLASS_COUNT];
	uint64_t non_ip[NON_IP_COUNT]; // that could leave, and are no IP, by what they are
};

// A packet was dropped that was in no burst any more: pkt.fragments with their reason.
// => The fragments stay the pipeline's.
typedef void (*pipeline_loss_listener)(void *context, const struct pkt *pkt);

struct pipeline_config {
	const struct snapshot *snapshot;
	const struct hash_secret *secret;
	struct ct *ct;       // the worker's shard
	struct steer *steer; // NULL: every packet is at home
	unsigned int worker;
	unsigned int n_workers;        // that share the answers of a second; 0: it is the only one
	int socket;                    // NUMA node
	uint64_t (*read_cycles)(void); // the CPU's counter; NULL: cycles are not counted
	bool tells;                    // packets tell everything that is known of them
	pipeline_loss_listener lost;   // NULL: nobody listens
	void *context;                 // for the listener
};

// How much of EAL's memory pipeline_create reserves, without its shard, for rules with so many
// counters.
uint64_t pipeline_bytes_for(const struct frag_params *fragments, unsigned int n_counters);

// => Returns NULL with errno set when memory is short.
struct pipeline *pipeline_create(const struct pipeline_config *config);
void pipeline_destroy(struct pipeline *pipeline); // takes NULL

// Goes by another plan from the next burst on, and by the parameters in its configuration.
// Connections stay, and fragments that wait; counters of rules begin with the plan.
// => Returns true with what it went by until now in *plan, for the caller to free. False: call
//    again after the next burst; it has changed nothing yet that a packet notices.
// => The plan's generation follows upon the one before. Its worker, between bursts; bounded,
//    without allocation.
bool pipeline_take(struct pipeline *pipeline, struct plan *plan);

// Takes every packet of the burst to its verdict: accept, drop or reject, with its reason. The
// frames of those that took the lane are burst.passed, accepted; of these packets nothing else is
// known, unless packets tell (pipeline_config.tells). All others that are still here are
// burst.live. Packets that were handed over to another worker, and fragments that wait, have lost
// their mbuf. A datagram has the place of its last fragment and, instead of an mbuf, pkt.fragments:
// its verdict is theirs.
// => The answers are those of one packet at a time. No allocation, lock, clock or system call.
// => Of each frame that was accepted the caller says what came of it, before the next burst:
//    pipeline_sent or pipeline_refuse.
void pipeline_run(struct pipeline *pipeline, struct burst *burst);

// Gives up fragments whose time is over, of max datagrams at most, and returns of how many.
// => Between bursts.
unsigned int pipeline_expire(struct pipeline *pipeline, uint64_t now_ns, unsigned int max);

// No burst will come any more: what waits is given up as if its time were over.
void pipeline_end(struct pipeline *pipeline);

// So many frames that were accepted have been sent, and are counted so.
void pipeline_sent(struct pipeline *pipeline, unsigned int n);

// The same for all accepted frames of a burst, for who has no port that could refuse one.
void pipeline_sent_burst(struct pipeline *pipeline, const struct burst *burst);

// What the firewall itself sends because of the last burst, at most a frame for each of its
// packets, in their order.
// => The driver sends the frames behind the burst and calls emit_reset; what is still there at the
//    next burst is freed. Its worker only.
struct emit *pipeline_emit(struct pipeline *pipeline);

// So many of them could not be sent, and are counted.
void pipeline_note_unsent(struct pipeline *pipeline, unsigned int n);

// A frame that was accepted could not be sent: it is dropped after all, and counted so.
void pipeline_refuse(struct pipeline *pipeline, enum reason reason);

const struct snapshot *pipeline_snapshot(const struct pipeline *pipeline);
struct ct *pipeline_ct(const struct pipeline *pipeline);

// Any thread.
const struct pipeline_stats *pipeline_stats(const struct pipeline *pipeline);
const struct rule_counter *pipeline_rule_counters(const struct pipeline *pipeline);

// Its worker adds what it does itself.
struct cycles *pipeline_cycles(struct pipeline *pipeline);

enum stage_kind {
	STAGE_BUILTIN,
	STAGE_IDLE, // built in, but nothing needs it
	STAGE_CHAIN,
};

// A stage or chain, for listings.
struct stage {
	const char *name;
	enum stage_kind kind;
	int32_t priority;   // INT32_MIN for first, INT32_MAX for last
	unsigned int index; // among the built-in stages, or among the chains
};

#define STAGES_MAX (CHAINS_MAX + 8)

// Writes the stages in their order and returns how many there are.
unsigned int pipeline_stages(const struct snapshot *snapshot, struct stage stages[STAGES_MAX]);

const char *stage_kind_name(enum stage_kind kind); // "builtin", "idle", "chain"
