// SPDX-License-Identifier: BSD-3-Clause
//
// One shard of connections, driven as by a worker, in virtual time.
//
// Life cycle: shard_open, packets and time in any order, shard_close. The clock starts shortly
// before ticks wrap, so that every test longer than SHARD_WRAP_SEC crosses that point.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conntrack/conntrack.h"
#include "util/frame.h"

struct rte_ring;

#define SHARD_WRAP_SEC 20
#define SHARD_TEXT_MAX 128
#define SHARD_WORKERS  2
#define SHARD_CONNS    64 // capacity, unless the parameters say otherwise

struct shard {
	struct ct *ct;
	struct hash_secret secret;
	struct rte_ring *events; // NULL: nobody listens
	uint64_t now_ns;
	uint64_t seq;           // of the last packet
	unsigned int worker;    // number of the owner
	enum ct_rules_do rules; // what the rules may do to connections
	uint16_t zone;          // of the packets
	uint8_t set_window;     // set by a rule for every packet: enum ct_window plus one
	bool is_notrack;        // set by a rule before conntrack for every packet
};

struct shard_options {
	const struct ct_params *params; // NULL: the defaults, and SHARD_CONNS connections
	unsigned int event_ring;        // events that fit into a ring of its own; 0: no listener
	struct rte_ring *events;        // another ring instead
	unsigned int worker;            // number of the owner, below SHARD_WORKERS
};

// The kernel's defaults, for SHARD_CONNS connections.
struct ct_params shard_params(void);

// => EAL runs. One shard per worker at a time.
void shard_open(struct shard *shard, const struct shard_options *options);

// => No mbuf and no unconfirmed connection is left; that is checked.
void shard_close(struct shard *shard);

void shard_wait(struct shard *shard, uint32_t sec);
tick_t shard_now(const struct shard *shard);

// The verdict of the rules on a packet: VERDICT_PENDING lets it pass.
typedef enum verdict (*shard_ruling)(struct pkt *pkt);

// Runs a burst through conntrack, the ruling and confirm, and repeats that for the rest as often as
// ct_track_burst demands. pkts[i] is the packet after that, without its mbuf and connection.
// => Returns the number of passes. ruling NULL: everything passes.
unsigned int shard_burst(struct shard *shard, const struct frame frames[], uint16_t n,
			 shard_ruling ruling, struct pkt pkts[]);

// A burst of one packet that the rules let pass, or drop.
struct pkt shard_accept(struct shard *shard, const struct frame *frame);
struct pkt shard_refuse(struct shard *shard, const struct frame *frame);

// Removes expired connections, as the service core and the worker do. Returns their number.
unsigned int shard_expire(struct shard *shard);

// Gets the n-th connection of the table, counted from 0. Returns false if there are fewer.
bool shard_entry(const struct shard *shard, enum ct_life life, unsigned int n,
		 struct ct_entry *entry);

// The only connection of the table as conntrack -L shows it, without its names:
// "432000 ESTABLISHED [ASSURED]", "30 [UNREPLIED]"; "none" without one, "many" for more.
const char *shard_entry_text(const struct shard *shard, char text[SHARD_TEXT_MAX]);

// A packet's class and direction: "new orig", "established reply", "invalid".
const char *shard_class_text(const struct pkt *pkt, char text[SHARD_TEXT_MAX]);

// Takes the next event. Returns false if there is none.
bool shard_event(struct shard *shard, struct ct_event *event);

// Takes the next event and compares its type and its state of the connection with a text: "new 120
// SYN_SENT [UNREPLIED]", "update ...", "destroy ..."; "none" if there is none.
const char *shard_event_text(struct shard *shard, char text[SHARD_TEXT_MAX]);
