// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/steer.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "frag/frag.h"
#include "packet/hash.h"
#include "packet/parse.h"

// What travels: a packet and what is known about it that the frame does not say.
struct parcel {
	struct rte_mbuf *mbuf;
	struct fragment *fragments;
	uint64_t seq;
	uint64_t now_ns;
	uint32_t in_port;
	uint32_t zone;
};

struct steer {
	// the home hash of what has this tuple
	uint32_t (*hash)(const struct steer *steer, const struct tuple *tuple);
	const struct hash_secret *secret;
	struct toeplitz toeplitz;
	unsigned int n_workers;
	struct rte_ring *rings[];
};

static uint32_t
hash_keyed(const struct steer *steer, const struct tuple *tuple)
{
	return hash_home(steer->secret, tuple);
}

static uint32_t
hash_as_nics(const struct steer *steer, const struct tuple *tuple)
{
	return toeplitz_home(&steer->toeplitz, toeplitz_hash(&steer->toeplitz, tuple));
}

static size_t
steer_size(unsigned int n_workers)
{
	return sizeof(struct steer) + n_workers * sizeof(struct rte_ring *);
}

uint64_t
steer_bytes_for(unsigned int n_workers, unsigned int ring_size)
{
	return bytes_of_object(steer_size(n_workers)) +
	       n_workers * bytes_of_ring(sizeof(struct parcel), ring_size);
}

struct steer *
steer_create(const struct hash_secret *secret, const struct toeplitz *toeplitz,
	     unsigned int n_workers, unsigned int ring_size)
{
	struct steer *steer = rte_zmalloc("steer", steer_size(n_workers), 0);

	CONTRACT(ring_size > 0 && (ring_size & (ring_size - 1)) == 0);
	if (steer == NULL)
		return NULL;
	steer->hash = toeplitz == NULL ? hash_keyed : hash_as_nics;
	steer->secret = secret;
	if (toeplitz != NULL)
		steer->toeplitz = *toeplitz;
	steer->n_workers = n_workers;
	for (unsigned int i = 0; i < n_workers; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "steer%u", i);
		steer->rings[i] = rte_ring_create_elem(name, sizeof(struct parcel), ring_size,
						       SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (steer->rings[i] == NULL) {
			steer_destroy(steer);
			return NULL;
		}
	}
	return steer;
}

static void
free_parcel(const struct parcel *parcel)
{
	rte_pktmbuf_free(parcel->mbuf);
	frag_free(parcel->fragments);
}

void
steer_destroy(struct steer *steer)
{
	struct parcel parcel;

	if (steer == NULL)
		return;
	for (unsigned int i = 0; i < steer->n_workers && steer->rings[i] != NULL; i++) {
		while (rte_ring_dequeue_elem(steer->rings[i], &parcel, sizeof(parcel)) == 0)
			free_parcel(&parcel);
		rte_ring_free(steer->rings[i]);
	}
	rte_free(steer);
}

unsigned int
steer_home_of(const struct steer *steer, const struct tuple *tuple)
{
	return home_worker(steer->hash(steer, tuple), steer->n_workers);
}

unsigned int
steer_home(const struct steer *steer, const struct pkt *pkt, unsigned int worker)
{
	struct tuple room;

	if (pkt->family == FAMILY_NONE)
		return worker;
	return steer_home_of(steer, packet_home_tuple(pkt, &room));
}

uint16_t
steer_send(struct steer *steer, unsigned int worker, struct pkt *const pkts[], uint16_t n)
{
	struct parcel parcels[BURST_MAX];

	CONTRACT(worker < steer->n_workers && n <= BURST_MAX);
	for (uint16_t i = 0; i < n; i++) {
		parcels[i] = (struct parcel){
			.mbuf = pkts[i]->mbuf,
			.seq = pkts[i]->seq,
			.now_ns = pkts[i]->now_ns,
			.fragments = pkts[i]->fragments,
			.in_port = pkts[i]->in_port,
			.zone = pkts[i]->tuple.zone,
		};
	}
	return (uint16_t)rte_ring_enqueue_burst_elem(steer->rings[worker], parcels,
						     sizeof(parcels[0]), n, NULL);
}

void
steer_receive(struct steer *steer, unsigned int worker, struct burst *burst, uint16_t max)
{
	struct parcel parcels[BURST_MAX];
	unsigned int n = rte_ring_dequeue_burst_elem(steer->rings[worker], parcels,
						     sizeof(parcels[0]), max, NULL);

	for (unsigned int i = 0; i < n; i++) {
		const struct parcel *parcel = &parcels[i];
		struct pkt *pkt = burst_add(burst, parcel->mbuf, (uint8_t)parcel->in_port,
					    parcel->seq, parcel->now_ns);

		pkt->fragments = parcel->fragments;
		pkt->tuple.zone = (uint16_t)parcel->zone;
		pkt->is_fresh = parcel->fragments == NULL && parcel->zone == 0;
	}
}
