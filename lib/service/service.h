// SPDX-License-Identifier: BSD-3-Clause
//
// Work besides packets: finding expired connections, and handing over events.
//
// The service core finds, the owner reaps. service_turn reads the shards without writing to them
// and posts the numbers of expired connections to the ring of their owner; the owner calls
// service_reap between bursts, checks them again, and removes a bounded number. Events travel the
// other way, over a ring per shard, and go to one listener.
//
// Life cycle: service_create before the workers, with the rings; shards are attached; service_turn
// from one thread (a DPDK service lcore, or replay's own with the virtual clock); service_destroy
// after the workers have ended.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conntrack/conntrack.h"

struct service;
struct rte_ring;

// Called with events, in the thread of service_turn or service_drain. Events of one shard arrive in
// the order in which they happened.
typedef void (*service_listener)(void *context, const struct ct_event events[], unsigned int n);

struct service_config {
	unsigned int n_shards;
	service_listener listener; // NULL: none, and workers create no events
	void *context;             // for the listener
	unsigned int event_ring;   // events that may be waiting per shard, a power of two
};

// How much of EAL's memory service_create reserves.
uint64_t service_bytes_for(const struct service_config *config);

// => Main thread, EAL initialised. Returns NULL with rte_errno set when memory is short.
struct service *service_create(const struct service_config *config);
void service_destroy(struct service *service); // takes NULL

// The ring for events of a shard, NULL without a listener. For ct_config.events.
struct rte_ring *service_events(struct service *service, unsigned int shard);

// The shard takes part from now on.
// => Once, before the first turn.
void service_attach(struct service *service, unsigned int shard, const struct ct *ct);

// One turn of the service core: every shard's next slots, at most budget of them each, are looked
// at, and events that wait are handed over.
// => Always the same thread; budget is at least 1.
// => Returns true when all shards have been looked at to their end since the last such turn; then
//    *next is the earliest deadline that was seen and is still to come, relative to now.
bool service_turn(struct service *service, tick_t now, uint32_t budget, tick_t *next);

// A round has ended, and nothing can have expired since that it has not posted: every deadline it
// has seen is still to come, and one that was set later is further away than the shortest timeout
// from where the round began. Turns may stop until that changes. => The thread of service_turn.
bool service_can_rest(const struct service *service, tick_t now);

// True when a shard is more than half full: turns should then follow each other without a pause, so
// that expired connections do not take up room. Any thread.
bool service_is_crowded(const struct service *service);

// Removes up to max connections: those that the service found expired, then, in a nearly full
// table, those to be evicted (ct_relieve). Returns the number looked at.
// => Owner of the shard only, between bursts.
unsigned int service_reap(struct service *service, unsigned int shard, struct ct *ct,
			  uint64_t now_ns, unsigned int max);

// Hands all events that wait to the listener.
// => The thread of service_turn.
void service_drain(struct service *service);
