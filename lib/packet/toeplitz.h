// SPDX-License-Identifier: BSD-3-Clause
//
// The hash by which a NIC spreads packets over its queues, with a key that makes it symmetric.
//
// RSS computes the Toeplitz hash of source and destination address; its low bits are an index into
// a table of queues. If the key repeats every 32 bits, the two addresses can be exchanged, in IPv4,
// where they are 32 bits apart, and in IPv6 (Woo and Park, "Scalable TCP Session Monitoring with
// Symmetric Receive-side Scaling", 2012; they repeat 16 bits because they hash ports, too). With
// such a key the hash depends only on the xor of the 32-bit words of both addresses, which takes a
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
	uint32_t pattern;     // that the key repeats
	unsigned int bits;    // of a hash that choose a home
	uint32_t hashes[256]; // of each value of a first byte followed by zeros
};

// => bits is at most TOEPLITZ_BITS_MAX. Returns false if this pattern spreads badly and another one
//    must be tried: with a good one, the 256 values of any byte of an address reach all indices
//    equally often.
bool toeplitz_init(struct toeplitz *toeplitz, uint32_t pattern, unsigned int bits);

// The same with random patterns. Returns false if the system cannot supply random numbers.
bool toeplitz_init_random(struct toeplitz *toeplitz, unsigned int bits);

// Writes n bytes of the key in the form that NICs expect.
void toeplitz_key(const struct toeplitz *toeplitz, uint8_t *key, unsigned int n);

// The hash that a NIC with this key computes from the two addresses. Any thread.
uint32_t toeplitz_hash(const struct toeplitz *toeplitz, const struct tuple *tuple);

// The home hash of packets that have this hash, or this index in a table of at least 2^bits queues.
// Any thread.
static inline uint32_t
toeplitz_home(const struct toeplitz *toeplitz, uint32_t hash)
{
	return hash << (32 - toeplitz->bits);
}
