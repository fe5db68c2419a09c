// SPDX-License-Identifier: BSD-3-Clause
//
// The datagrams of one store, found by key, by source and by age. Private to frag.
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

#define FRAG_VLANS 3 // tags that are compared; nobody uses more

// What all fragments of a datagram have in common. Fragments of different ports or VLANs are never
// reassembled: each leaves at the other end of its own wire, in its own VLAN, and its receiver
// never gets the others.
struct frag_key {
	union address src;
	union address dst;
	uint32_t id;
	uint16_t zone;
	uint16_t vlans[FRAG_VLANS]; // outermost first; 0: no tag, or a priority tag
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
	LIST_ENTRY(source) by_key;       // also links free ones
	struct datagram_queue datagrams; // oldest first
	uint32_t n;
};

struct datagram {
	struct frag_key key;
	LIST_ENTRY(datagram) by_key; // also links free ones
	TAILQ_ENTRY(datagram) by_source;
	TAILQ_ENTRY(datagram) by_age;
	struct source *source;
	tick_t deadline;

	struct fragment *first; // in the order of arrival
	struct fragment *last;
	uint32_t n;          // of them
	uint32_t n_segments; // of their mbufs
	uint32_t len;        // of the payload as far as known
	uint32_t n_bytes;    // of the payload received
	uint32_t tail_end;   // after the last byte received
	bool has_first;
	bool has_last;         // len is final
	uint8_t ecn;           // bit 1 << e for every value e of the ECN bits seen
	struct frag_head head; // of the first fragment
	struct cover covered;  // blocks received
	struct cover starts;   // of these, the first block of each run, see frag.c
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
	struct datagram *datagrams; // all of them
	struct source *sources;
	struct fragment *at[COVER_BLOCKS]; // scratch of join.c
};

// How much of EAL's memory frag_store_init reserves.
uint64_t frag_store_bytes_for(const struct frag_params *params);

// Creates empty tables. Returns false when memory is short.
bool frag_store_init(struct frag_store *store, int socket);
void frag_store_fini(struct frag_store *store);

// The datagram with that key, NULL when there is none.
struct datagram *frag_store_find(const struct frag_store *store, const struct frag_key *key);

// Adds an empty datagram with that key.
// => There is room for one.
struct datagram *frag_store_begin(struct frag_store *store, const struct frag_key *key, tick_t now);

// Removes the datagram; the caller then owns its fragments.
struct fragment *frag_store_end(struct frag_store *store, struct datagram *datagram);

// The source with that address, NULL if it has no datagram.
struct source *frag_store_source(const struct frag_store *store, const struct frag_key *key);

// The datagram that times out first, NULL when there is none.
struct datagram *frag_store_oldest(const struct frag_store *store);

// Applies another timeout to all datagrams of the queue, counted from their first fragment.
void frag_store_postpone(struct datagram_queue *queue, uint32_t old_sec, uint32_t new_sec);
