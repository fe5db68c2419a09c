// SPDX-License-Identifier: BSD-3-Clause
//
// Fragments of IPv4 and IPv6 are held until their datagram can be judged as one packet, as
// nf_defrag does in the kernel before conntrack.
//
// Life of a fragment:
//
//   arrives -> held -> its datagram is complete: judged with it, sent as it came or dropped with it
//                  \-> given up: timeout, overlap, no room
//          \-> refused alone: a duplicate, a wrong length
//          \-> goes on by itself, as a packet with the bytes that it has
//
// A datagram exists from its first fragment until it is complete or given up; its timeout starts
// with the first fragment and is never extended. A store belongs to one worker. Everything is
// reserved by frag_create; adding a fragment allocates from the store's own pools only. Read frag.c
// first.
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#include "base/clock.h"
#include "frag/params.h"
#include "packet/hash.h"
#include "packet/packet.h"

// A fragment as it came, in a list in order of arrival. The holder of the list owns nodes and
// mbufs; the list may be handed to another worker.
struct fragment {
	struct fragment *next;
	struct rte_mbuf *mbuf; // NULL: taken out
	uint64_t seq;          // pkt.seq of the packet it came as
	uint32_t payload_off;  // from the start of the frame
	uint16_t off;          // of the payload in the datagram
	uint16_t len;          // of the payload
	uint8_t in_port;
};

struct frag_store;

// Called when fragments are given up, all for the same reason. The listener owns the list.
typedef void (*frag_listener)(void *context, struct fragment *fragments, enum reason reason);

struct frag_config {
	const struct frag_params *params; // copied
	const struct hash_secret *secret; // kept
	frag_listener listener;
	void *context;       // for the listener
	unsigned int worker; // number of the owner
	int socket;          // NUMA node
};

// How much of EAL's memory frag_create reserves.
uint64_t frag_bytes_for(const struct frag_params *params);

// => Main thread, EAL initialised. Returns NULL with rte_errno set when memory is short.
struct frag_store *frag_create(const struct frag_config *config);

// => Lists that were handed out must have been freed before. Held fragments are freed without a
//    call of the listener. Takes NULL.
void frag_destroy(struct frag_store *store);

// Sets other parameters. A new timeout also changes the time that datagrams have left.
// => max_datagrams and max_fragments must not change. Owner only.
void frag_set_params(struct frag_store *store, const struct frag_params *params);

enum frag_result {
	FRAG_PASSES,   // nothing to hold: the packet goes on as it is
	FRAG_REFUSED,  // the packet is dropped, pkt.reason says why
	FRAG_TAKEN,    // the packet has lost its mbuf to the store
	FRAG_COMPLETE, // the packet is now the datagram
};

// Adds a packet for which pkt_has_place holds to its datagram.
// => The listener may be called, even with the fragment just added.
// => FRAG_COMPLETE: pkt.fragments owns the fragments, pkt.mbuf is the datagram as one frame, made
//    of their bytes and parsed; the zone is kept. pkt.mbuf must be freed before any of the
//    fragments is sent. Owner only.
enum frag_result frag_add(struct frag_store *store, struct pkt *pkt);

// Gives up at most max datagrams whose time is over, and returns how many. Owner only.
// => Results do not depend on when or whether this is called: frag_add never continues a datagram
//    whose time is over, and gives those up first if it needs room.
unsigned int frag_expire(struct frag_store *store, tick_t now, unsigned int max);

// Gives up all datagrams as if their time were over. Owner only.
void frag_give_up_all(struct frag_store *store);

// Fragments held at the moment. Any thread.
uint32_t frag_held(const struct frag_store *store);

// Frees a list and all mbufs that are still in it. Any worker; takes NULL.
void frag_free(struct fragment *fragments);
