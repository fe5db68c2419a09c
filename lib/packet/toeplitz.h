// SPDX-License-Identifier: BSD-3-Clause
//
// The hash by which a NIC deals packets to its queues, with a key that makes it symmetric.
//
// RSS takes the Toeplitz hash of source and destination address; its low bits are an index into a
// table of queues. When the key repeats itself every 32 bits, addresses may be exchanged, those of
// IPv4, which lie 32 bits apart, and those of IPv6 (Woo and Park, "Scalable TCP Session Monitoring
// with Symmetric Receive-side Scaling", 2012; their 16 bits are for ports, which are not hashed
// here). What such a key makes of two addresses depends on the xor of their 32-bit words alone: a
// few instructions here. doc/adr/0013-nic-steering.md says what that costs.
//
// Life cycle: one per process, initialised before the ports start, then read only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/tuple.h"

#define TOEPLITZ_KEY_MIN  36 // bytes of key for two addresses of IPv6
#define TOEPLITZ_BITS_MAX 8

struct toeplitz {
	uint32_t pattern;     // what the key repeats
	unsigned int bits;    // of a hash that choose a home
	uint32_t hashes[256]; // of the values of a first byte with nothing behind it
};

// => bits is at most TOEPLITZ_BITS_MAX. Returns false when this pattern spreads badly and another
//    is to be tried: with those that pass, the 256 values of any one byte of an address lead to
//    all indices equally often.
bool toeplitz_init(struct toeplitz *toeplitz, uint32_t pattern, unsigned int bits);

// The same with random patterns. Returns false when the system has no random numbers to give.
bool toeplitz_init_random(struct toeplitz *toeplitz, unsigned int bits);

// Writes the key as a NIC takes it, n bytes.
void toeplitz_key(const struct toeplitz *toeplitz, uint8_t *key, unsigned int n);

// What a NIC with this key computes of the two addresses. Any thread.
uint32_t toeplitz_hash(const struct toeplitz *toeplitz, const struct tuple *tuple);

// The home hash of everything that has this hash, or this place in a table of at least 2^bits
// queues. Any thread.
static inline uint32_t
toeplitz_home(const struct toeplitz *toeplitz, uint32_t hash)
{
	return hash << (32 - toeplitz->bits);
}
