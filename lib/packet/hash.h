// SPDX-License-Identifier: BSD-3-Clause
//
// Keyed hashes of tuples: an attacker who does not know the secret cannot cause collisions.
//
// There are two functions with one secret. hash_key places a flow in the table. hash_home chooses
// the worker that owns it: it hashes only the two addresses, in either order, so that both
// directions, fragments, and the data connections that a helper expects share a home by
// construction (doc/adr/0004-home-worker.md). If NICs steer packets to their home,
// packet/toeplitz.h is used instead.
//
// The mixer is two AES rounds per 16-byte block where the CPU has AES instructions, SipHash-1-3
// (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) elsewhere. hash_secret_init
// chooses one of them; they give different values.
//
// Life cycle: one secret per process, initialised before the first worker starts, then read only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/key.h"
#include "packet/tuple.h"

#define HASH_SEED_BYTES 16

struct hash_secret {
	uint64_t words[8] __attribute__((aligned(16)));
	// 32 bits of hash over n 16-byte blocks
	uint32_t (*mix)(const struct hash_secret *secret, const uint64_t *blocks, unsigned int n);
	// the same for a burst of keys
	void (*mix_keys)(const struct hash_secret *secret, const struct flow_key keys[],
			 unsigned int n, uint32_t hashes[]);
};

// Derives the secret from the seed and chooses the fastest mixer of this CPU.
// => The seed decides every value: random in run, fixed in replay.
void hash_secret_init(struct hash_secret *secret, const uint8_t seed[HASH_SEED_BYTES]);

// The same, but always with SipHash, the portable variant, for tests.
void hash_secret_init_portable(struct hash_secret *secret, const uint8_t seed[HASH_SEED_BYTES]);

// True when the mixer uses AES instructions.
bool hash_uses_aes(const struct hash_secret *secret);

// Hash of a flow's key. Any thread.
static inline uint32_t
hash_key(const struct hash_secret *secret, const struct flow_key *key)
{
	return secret->mix(secret, key->word, key_n_blocks(key));
}

// hashes[i] is hash_key of keys[i]. Any thread.
static inline void
hash_keys(const struct hash_secret *secret, const struct flow_key keys[], unsigned int n,
	  uint32_t hashes[])
{
	secret->mix_keys(secret, keys, n, hashes);
}

// Hash of the key of the tuple's flow. Any thread.
uint32_t hash_tuple(const struct hash_secret *secret, const struct tuple *tuple);

// Hash of the two addresses of the tuple, the same for both directions. Any thread.
uint32_t hash_home(const struct hash_secret *secret, const struct tuple *tuple);

// The worker, 0 to n_workers - 1, that owns flows with this home hash.
static inline unsigned int
home_worker(uint32_t home, unsigned int n_workers)
{
	return (unsigned int)((uint64_t)home * n_workers >> 32);
}
