// SPDX-License-Identifier: BSD-3-Clause
//
// The datagrams of one store, found by key, by source and by age. Private to this module.
//
// Life cycle of a datagram: free, in use from frag_store_begin to frag_store_end. Its source exists
// as long as it has a datagram.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "frag/cover.h"
#include "frag/frag.h"
#include "frag/place.h"

#define FRAG_VLANS 3 // tags that tell fragments apart; nobody has more

// What fragments of one datagram have in common. Those of two ports or VLANs are never put
// together: a fragment leaves at the other end of its own wire, in its own VLAN, and who is there
// gets no other.
struct frag_key {
	union address src;
	union address dst;
	uint32_t id;
	uint16_t zone;
	uint16_t vlans[FRAG_VLANS]; // outermost first; 0: no tag, or one that has a priority only
	uint8_t family;
	uint8_t proto;
	uint8_t in_port;
	uint8_t zero;
};

struct source_key {
	union address address;
	uint64_t family;
	uint64_t zero;
};

TAILQ_HEAD(datagram_queue, datagram);
LIST_HEAD(datagram_bucket, datagram);
LIST_HEAD(source_bucket, source);

// An address that sends fragments.
struct source {
	struct source_key key;
	LIST_ENTRY(source) by_key;       // also chains the free ones
	struct datagram_queue datagrams; // oldest first
	uint32_t n;
};

struct datagram {
	struct frag_key key;
	LIST_ENTRY(datagram) by_key; // also chains the free ones
	TAILQ_ENTRY(datagram) by_source;
	TAILQ_ENTRY(datagram) by_age;
	struct source *source;
	tick_t deadline;

	struct fragment *first; // in the order of arrival
	struct fragment *last;
	uint32_t n;          // of them
	uint32_t n_segments; // of their mbufs
	uint32_t len;        // of the payload as far as it is known
	uint32_t n_bytes;    // of the payload that are there
	uint32_t tail_end;   // behind the last byte that is there
	bool has_first;
	bool has_last;         // len is final
	uint8_t ecn;           // bit 1 << e for every mark e that was seen
	struct frag_head head; // of the first fragment
	struct cover covered;  // blocks that are there
	struct cover starts;   // of these, the ones where a run begins, see frag.c
};

struct frag_store {
	struct frag_params params;
	const struct hash_secret *secret;
	frag_listener listener;
	void *context;
	struct rte_mempool *nodes;    // struct fragment
	struct rte_mempool *segments; // mbufs for the datagrams as one frame
	uint32_t n_datagrams;
	uint32_t n_fragments;
	uint32_t n_segments; // of the mbufs of all fragments
	uint32_t bucket_mask;
	struct datagram_bucket *buckets;
	struct source_bucket *source_buckets;
	struct datagram_bucket free_datagrams;
	struct source_bucket free_sources;
	struct datagram_queue ipv4; // oldest first; all of a family have the same timeout
	struct datagram_queue ipv6;
	struct datagram *datagrams; // the memory of all
	struct source *sources;
	struct fragment *at[COVER_BLOCKS]; // scratch of join.c
};

// How much of EAL's memory frag_store_init reserves.
uint64_t frag_store_bytes_for(const struct frag_params *params);

// The tables, empty. Returns false when memory is short.
bool frag_store_init(struct frag_store *store, int socket);
void frag_store_fini(struct frag_store *store);

// The datagram with that key, NULL when there is none.
struct datagram *frag_store_find(const struct frag_store *store, const struct frag_key *key);

// An empty datagram, found by its key from now on.
// => There is room for one.
struct datagram *frag_store_begin(struct frag_store *store, const struct frag_key *key, tick_t now);

// The datagram is free, and its fragments the caller's.
struct fragment *frag_store_end(struct frag_store *store, struct datagram *datagram);

// The source with that address, NULL when it has no datagram.
struct source *frag_store_source(const struct frag_store *store, const struct frag_key *key);

// The datagram whose time is over first, NULL when there is none.
struct datagram *frag_store_oldest(const struct frag_store *store);

// Another timeout holds for all datagrams of the queue, from when they began.
void frag_store_postpone(struct datagram_queue *queue, uint32_t old_sec, uint32_t new_sec);
