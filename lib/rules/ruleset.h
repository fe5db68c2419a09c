// SPDX-License-Identifier: BSD-3-Clause
//
// A compiled ruleset: immutable, shared by all workers, evaluated a burst at a time.
//
// Life cycle: ruleset_compile makes it from chains, any number of workers evaluate it at the same
// time, ruleset_destroy frees it when none is left. It counts nothing itself: every worker hands
// in counters of its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "packet/packet.h"
#include "rules/rules.h"

struct ruleset;

// What one rule, or the policy of a chain, matched. Written by one worker, read by anybody.
struct rule_counter {
	uint64_t packets;
	uint64_t bytes; // of layer 3, as conntrack counts
};

// What chains are and will take, before they are compiled.
struct ruleset_size {
	unsigned int n_rules;
	unsigned int n_counters; // see ruleset_n_counters
	uint64_t n_entries;      // of rte_acl: the combinations of the rules' lists
	uint64_t bytes_least;    // of EAL's memory: the entries alone
	uint64_t bytes_most;     // the same with the tries that rte_acl makes of them, generous
};

// Measures chains.
// => Returns false when there is too much of something, with errors added. Any thread, EAL need not
//    be initialised.
bool ruleset_measure(const struct chain chains[], unsigned int n_chains, const char *file,
		     struct ruleset_size *size, struct errors *errors);

// Compiles chains, already sorted by priority, into rte_acl contexts: one per chain and family if
// rte_acl can build it, for the rules it can express, and a list for the others (see the head of
// compile.c).
// => The chains are copied as far as they are needed, but for the names of their files, which must
//    outlive the ruleset.
// => file is for messages about rules that have none. On failure returns NULL and adds to errors.
// => EAL must be initialised; the contexts live in its memory. Main or control thread, one at a
//    time: the log level of lib.acl is changed meanwhile.
// => id makes the names of the rte_acl contexts unique in the process.
// => A rule's log text has no effect yet.
struct ruleset *ruleset_compile(const struct chain chains[], unsigned int n_chains, uint32_t id,
				const char *file, struct errors *errors);
void ruleset_destroy(struct ruleset *ruleset);

unsigned int ruleset_n_chains(const struct ruleset *ruleset);
unsigned int ruleset_n_rules(const struct ruleset *ruleset); // of all chains
int32_t ruleset_chain_priority(const struct ruleset *ruleset, unsigned int chain);
const char *ruleset_chain_name(const struct ruleset *ruleset, unsigned int chain);
enum action ruleset_chain_policy(const struct ruleset *ruleset, unsigned int chain);

// Where a chain and a rule stand in the configuration; the file is NULL and the line 0 when that is
// unknown.
const char *ruleset_chain_file(const struct ruleset *ruleset, unsigned int chain);
unsigned int ruleset_chain_line(const struct ruleset *ruleset, unsigned int chain);
const char *ruleset_rule_file(const struct ruleset *ruleset, unsigned int rule);
unsigned int ruleset_rule_line(const struct ruleset *ruleset, unsigned int rule);

// Rules are numbered through all chains, in order: those of a chain are [first, first + n).
unsigned int ruleset_chain_first(const struct ruleset *ruleset, unsigned int chain);
unsigned int ruleset_chain_n_rules(const struct ruleset *ruleset, unsigned int chain);
const char *ruleset_rule_name(const struct ruleset *ruleset, unsigned int rule);
enum action ruleset_rule_action(const struct ruleset *ruleset, unsigned int rule);

// With what a rule rejects, a number in rules/reject.h. => Its action is reject.
unsigned int ruleset_rule_reject_with(const struct ruleset *ruleset, unsigned int rule);

// True when some rule has set_mark, or set_helper.
bool ruleset_sets_marks(const struct ruleset *ruleset);
bool ruleset_sets_helpers(const struct ruleset *ruleset);

// True when some rule looks at a packet's connection or sets something about it.
bool ruleset_needs_connections(const struct ruleset *ruleset);

// True when some rule looks at pkt.account.
bool ruleset_asks_accounts(const struct ruleset *ruleset);

// Classes, a bit each, to all of whose packets the chain says the same, and sets nothing of any:
// what it says depends on the class, and whether it is TCP, alone.
uint8_t ruleset_classes_alike(const struct ruleset *ruleset, unsigned int chain, bool of_tcp);

// Classes, a bit each, of packets to which the chain may say something else than to an earlier one
// of the same connection, direction and input port: what it says, or sets, depends on a key that
// varies with every packet, or on marks that rules set, or is set for every packet anew.
uint8_t ruleset_classes_in_doubt(const struct ruleset *ruleset, unsigned int chain, bool of_tcp);

// Classes, a bit each, of packets that the chain may answer with a TCP reset.
uint8_t ruleset_classes_reset(const struct ruleset *ruleset, unsigned int chain);

// Number of counters a worker needs: one per rule, then one per chain for its policy
// (index ruleset_n_rules() + chain).
unsigned int ruleset_n_counters(const struct ruleset *ruleset);

// Judges n_pkts packets by one chain. Afterwards every packet the chain refuses has its verdict
// (drop or reject); the others are still pending. Statements of matching rules have been applied:
// pkt.mark, pkt.tuple.zone, pkt.set_helper, pkt.set_window, pkt.is_notrack. pkt.reason, pkt.chain
// and pkt.rule name what decided: a rule wins over a policy that accepts, a later rule over an
// earlier one, a later policy over an earlier one. Each rule that was reached and matched has
// counted the packet once; the policy has when no rule ended the chain. pkt.trail has grown by the
// numbers of these counters.
// => All packets are pending, of IPv4 or IPv6. n_pkts is at most BURST_MAX.
// => counters has ruleset_n_counters() elements and belongs to the calling worker.
// => Any worker. No allocation, no lock, no system call. Cannot fail.
void ruleset_eval_burst(const struct ruleset *ruleset, unsigned int chain, struct pkt *pkts[],
			uint16_t n_pkts, struct rule_counter counters[]);
