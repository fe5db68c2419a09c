// SPDX-License-Identifier: BSD-3-Clause
//
// Dealing packets as a NIC does that hashes by addresses: Toeplitz with the key and the table that
// the program under test has set.
#pragma once

#include <stdint.h>

#define RSS_KEY_LEN   40
#define RSS_TABLE_MAX 512

struct rss {
	uint32_t key[RSS_KEY_LEN / sizeof(uint32_t)]; // its bytes, as they were set
	uint16_t n_queues;                            // entries of the table
	uint16_t queues[RSS_TABLE_MAX];
};

// What the port was told. => Returns 0, or a negative errno.
int rss_ask(struct rss *rss, uint16_t port);

// The hash of a frame; 0 of what is not IP.
uint32_t rss_hash(const struct rss *rss, const uint8_t *frame, uint32_t len);

static inline unsigned int
rss_queue(const struct rss *rss, uint32_t hash)
{
	return rss->queues[hash & (rss->n_queues - 1U)];
}
