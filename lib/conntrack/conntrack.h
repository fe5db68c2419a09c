// SPDX-License-Identifier: BSD-3-Clause
//
// Connection tracking for one worker: its shard of the connections and all operations on it.
//
// A shard belongs to the worker that drives packets through it. The worker calls ct_track_burst,
// then evaluates the rules, then calls ct_confirm_burst and ct_release_burst; between bursts it
// calls ct_reap and ct_reclaim. All others only read: ct_read, ct_scan and ct_stats_read, from any
// thread. Read track.c first.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "conntrack/params.h"
#include "packet/glance.h"
#include "packet/hash.h"
#include "packet/packet.h"

struct ct;
struct rte_ring;

enum ct_life { CT_FREE, CT_UNCONFIRMED, CT_CONFIRMED, CT_DYING };

// The status of a connection (the kernel's IPS_ bits that apply here).
enum ct_status {
	CT_EXPECTED = 1 << 0,   // created by an expectation
	CT_SEEN_REPLY = 1 << 1, // a packet of the reply direction was accepted
	CT_ASSURED = 1 << 2,    // never evicted early
};

enum ct_event_type { CT_EVENT_DESTROY, CT_EVENT_NEW, CT_EVENT_UPDATE };

// The reason for an update.
enum ct_event_bit {
	CT_CHANGED_REPLY = 1 << 0,
	CT_CHANGED_ASSURED = 1 << 1,
	CT_CHANGED_STATE = 1 << 2,
	CT_CHANGED_MARK = 1 << 3,
};

// Why a connection ended, told with its destroy event.
enum ct_end {
	CT_END_NONE,     // it lives
	CT_END_EXPIRED,  // no packet came in time
	CT_END_EVICTED,  // it gave way to another one
	CT_END_FINISHED, // a packet ended it
	CT_END_REOPENED, // a packet began another one in its place
	CT_END_HELPER,   // the control connection that it belongs to ended it, or ended
	CT_END_DELETED,  // somebody asked for that
	CT_END_COUNT
};

const char *ct_end_name(enum ct_end end); // "expired", ...; NULL for CT_END_NONE

// A copy of everything that is reported about a connection.
struct ct_entry {
	struct tuple tuple[DIR_COUNT];
	uint64_t packets[DIR_COUNT];
	uint64_t octets[DIR_COUNT]; // of layer 3
	uint64_t id;
	tick_t deadline;
	uint32_t timeout_sec; // until the deadline, rounded down
	uint32_t status;      // bits of enum ct_status
	uint32_t mark;
	const char *state; // name as in conntrack(8); NULL: the protocol has none
	uint8_t helper;    // enum ct_helper
	uint8_t life;      // enum ct_life
	bool has_counters; // accounting is on
	uint16_t worker;
};

struct ct_event {
	struct ct_entry entry;
	uint64_t seq;     // of the packet that caused it, 0: none
	uint64_t time_ns; // when
	uint8_t type;     // enum ct_event_type
	uint8_t changed;  // bits of enum ct_event_bit
	uint8_t end;      // enum ct_end, of a destroy event
	uint8_t padding[5];
};

// Counters of one shard; the owner writes, anybody reads.
struct ct_stats {
	uint64_t created;       // unconfirmed connections made
	uint64_t confirmed;     // entered the table
	uint64_t discarded;     // refused before confirm
	uint64_t destroyed;     // left the table
	uint64_t expired;       // of these, by timeout
	uint64_t deleted;       // of these, since somebody asked for it
	uint64_t expected;      // new connections that a helper had announced
	uint64_t expect_drop;   // expectations evicted by newer ones before they expired
	uint64_t found;         // lookups that hit
	uint64_t invalid;       // packets of class invalid, except those counted as error
	uint64_t error;         // broken ICMP packets, and ICMP errors about unknown flows
	uint64_t early_drop;    // connections killed to make room in a full table
	uint64_t table_full;    // new connections refused for lack of room
	uint64_t insert_failed; // the hash table refused an entry
	uint64_t events_lost;   // new and update events dropped because the ring was full
	uint64_t events_late;   // destroy events that had to wait
};

struct ct_config {
	const struct ct_params *params;   // copied
	const struct hash_secret *secret; // not copied; one for all shards
	struct rte_ring *events;          // of struct ct_event elements, NULL: nobody listens
	unsigned int worker;              // number of the owner
	unsigned int n_workers;           // the shard gets its part of max_connections
	int socket;                       // NUMA node
	bool wants_entries; // fill the ct_ fields and conn_id of every packet (replay)
};

// How much of EAL's memory ct_create reserves for one of n_workers shards.
uint64_t ct_bytes_for(const struct ct_params *params, unsigned int n_workers);

// A shard with all its memory reserved.
// => Main thread, EAL initialised. Returns NULL with rte_errno set when memory is short.
struct ct *ct_create(const struct ct_config *config);
void ct_destroy(struct ct *ct); // takes NULL

// Other parameters hold from the next packet on. A deadline that was set stays until the next
// packet of its connection.
// => max_connections, table and dccp are what they were. Owner only, between bursts.
void ct_set_params(struct ct *ct, const struct ct_params *params);

// Up to budget connections in the slots from *cursor on forget their remembered outcome if its
// generation is in [low, high].
// => Returns true when the last slot has been visited; then *cursor is 0 again. Owner only, between
//    bursts.
bool ct_forget_verdicts(struct ct *ct, uint32_t *cursor, uint32_t budget, uint16_t low,
			uint16_t high);

// What the rules after conntrack may do to a connection, and what they look at.
enum ct_rules_do {
	CT_RULES_ONLY_JUDGE = 0,
	CT_RULES_SET_MARKS = 1 << 0,
	CT_RULES_SET_HELPERS = 1 << 1,
	CT_RULES_ASK_ACCOUNTS = 1 << 2, // look at pkt.account
};

// They may also reset TCP connections, by packets of that class.
#define CT_RULES_RESET(class) ((unsigned int)1 << (3 + (class)))
#define CT_RULES_RESET_ANY    (CT_RULES_RESET(CLASS_COUNT) - CT_RULES_RESET(CLASS_NONE))

// A burst in the lane. pipeline/lane.c fills it.
struct ct_lane {
	struct pkt *pkts; // in a row, all of one burst
	uint16_t n;
	uint16_t generation;    // of the memos that hold
	uint64_t plain;         // those that a glance was taken at and that may pass, a bit each
	uint64_t ends;          // those that nothing behind may pass
	struct glances glances; // the keys of the others: of the flow that they touch, or nobody's
	const uint8_t *facts;   // of a memo that lets pass, by pkt.in_port
	uint16_t outcomes[BURST_MAX]; // of those that have passed, as the memo has it
};

// Takes packets of known flows through conntrack at once, if nothing is to be done for them but
// what is done for nearly all, and leaves the others as they are, for ct_track_burst. Returns those
// that have passed, a bit each. In the order of the packets: none passes one of its own flow, or
// one that may change its connection.
// => They are of class established and accepted by the remembered outcome. Owner only.
uint64_t ct_pass_burst(struct ct *ct, struct ct_lane *lane);

// Gives every packet its class, direction and connection, and has the protocol's tracker judge it,
// in order, as if the packets came one at a time.
// => Returns how many packets, from the front, were handled: it stops before a packet that depends
//    on an earlier one of the burst that is not finished yet (its connection is unconfirmed or was
//    killed). The caller finishes the handled ones and calls again with the rest. At least one
//    packet is handled.
// => rules says what the rules may do to connections (bits of enum ct_rules_do, CT_RULES_RESET), so
//    that packets that depend on it wait, too; pkt.account is filled in only for rules that ask, if
//    there is a connection.
// => A packet for which there is no room is dropped. n is at most BURST_MAX. Owner only.
uint16_t ct_track_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n, unsigned int rules);

// Closes the confirmed connection of a packet that was answered with a TCP reset, as in Linux. Its
// events and counters stay as they are.
// => Between ct_track_burst and ct_release_burst, of the same packets, and CT_RULES_RESET has
//    announced it. Owner only.
void ct_reset(struct ct *ct, struct pkt *pkt);

// For packets that are still pending, confirms new connections, stores marks and sends events.
// Owner only.
void ct_confirm_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n);

// Frees the connections of refused packets and all connections that died in this burst and whose
// event has been handed over. Pointers to connections are invalid afterwards.
// => All packets of the pass, refused ones included. Owner only.
void ct_release_burst(struct ct *ct, struct pkt *const pkts[], uint16_t n);

// Removes those of the n connections that have in fact expired by now. Returns how many.
// => slots come from ct_scan. Owner only, between bursts.
unsigned int ct_reap(struct ct *ct, const uint32_t slots[], unsigned int n, uint64_t now_ns);

// Above 95 % of the capacity, evicts at most max connections that are unanswered, except for a
// reserve of them, or closing, before a new one needs the place, as the kernel's collector does.
// Returns how many.
// => Owner only, between bursts.
unsigned int ct_relieve(struct ct *ct, uint64_t now_ns, unsigned int max);

// Frees dying connections whose destroy event could not be handed over before. Owner only.
void ct_reclaim(struct ct *ct, uint64_t now_ns);

// A scan of a shard for expired connections, in steps.
struct ct_scan {
	uint32_t cursor; // where it continues; 0 again after the last slot in use
	tick_t now;
	tick_t next; // the earliest future deadline seen
};

// Visits up to budget slots from scan.cursor on, without writing to the shard, and collects those
// that have expired.
// => Returns how many of found were filled, at most max. Any thread.
unsigned int ct_scan(const struct ct *ct, struct ct_scan *scan, uint32_t budget, uint32_t found[],
		     unsigned int max);

// No packet gives a connection less time than this, in ticks. Any thread.
uint32_t ct_shortest_timeout(const struct ct *ct);

// Slots 0 to ct_n_slots() - 1 may hold a connection. Any thread.
uint32_t ct_n_slots(const struct ct *ct);

// Copies the connection in a slot if it is in that state of life and has not expired.
// => Any thread; consistent: the copy is of one connection.
bool ct_read(const struct ct *ct, uint32_t slot, enum ct_life life, tick_t now,
	     struct ct_entry *entry);

// Copies the connection of which the tuple names either direction, if it is in the table and has
// not expired. Returns false without one.
// => Owner only.
bool ct_find(const struct ct *ct, const struct tuple *tuple, tick_t now, struct ct_entry *entry);

// Connections by state of life; a snapshot. Any thread.
struct ct_count {
	uint32_t confirmed;
	uint32_t unconfirmed;
	uint32_t dying;
	uint32_t capacity;
};
struct ct_count ct_count(const struct ct *ct);

// The number of leaked slots: in use, but reachable neither through the table nor through the list
// of the dying. 0, unless there is a bug.
// => Owner only, between bursts, or any thread after the owner has ended. Slow.
uint32_t ct_n_lost(const struct ct *ct);

void ct_stats_read(const struct ct *ct, struct ct_stats *stats);

// Bytes reserved for the shard.
size_t ct_bytes(const struct ct *ct);
