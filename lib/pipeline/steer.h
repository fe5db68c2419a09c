// SPDX-License-Identifier: BSD-3-Clause
//
// Hand-off: packets go to the worker that owns their flow, over one ring per worker.
//
// What the home of a packet is, is decided here, by one of two functions for the whole process: the
// keyed hash, or that of the NICs, which then bring most packets home by themselves. The worker
// that has received a packet computes it all the same, so a NIC can be wrong only at the price of
// a hand-off.
//
// Life cycle: created before the workers, destroyed after they have ended but before their
// pipelines, which own what fragments are remembered in; what is still in a ring then is freed. Any
// worker sends, only the owner of a ring receives.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/hash.h"
#include "packet/packet.h"
#include "packet/toeplitz.h"
#include "pipeline/burst.h"

struct steer;

// How much of EAL's memory steer_create reserves.
uint64_t steer_bytes_for(unsigned int n_workers, unsigned int ring_size);

// => secret is kept, toeplitz is copied; without one homes are chosen by the secret. ring_size is a
//    power of two: packets that may wait for one worker. Returns NULL with rte_errno set when
//    memory is short.
struct steer *steer_create(const struct hash_secret *secret, const struct toeplitz *toeplitz,
			   unsigned int n_workers, unsigned int ring_size);
void steer_destroy(struct steer *steer); // takes NULL

// The worker that owns the packet's flow; packets that are no flow stay with this one.
unsigned int steer_home(const struct steer *steer, const struct pkt *pkt, unsigned int worker);

// The worker that owns the flow of a tuple.
unsigned int steer_home_of(const struct steer *steer, const struct tuple *tuple);

// The packets, n at most BURST_MAX, wait in a worker's ring, which owns their mbufs and fragments
// now. Returns how many, from the front, there was room for.
uint16_t steer_send(struct steer *steer, unsigned int worker, struct pkt *const pkts[], uint16_t n);

// Fills the burst, which is empty, with up to max packets that wait for this worker.
void steer_receive(struct steer *steer, unsigned int worker, struct burst *burst, uint16_t max);
