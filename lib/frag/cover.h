// SPDX-License-Identifier: BSD-3-Clause
//
// Sets of the 8192 blocks of eight bytes that a datagram can have. A fragment begins at a block
// boundary, and only the last one may end within a block, so whole blocks are enough to find
// overlaps. The cost of a query depends on the length of the fragment only.
#pragma once

#include <stdint.h>

#define COVER_BLOCKS 8192
#define COVER_BLOCK  8 // bytes

struct cover {
	uint64_t words[COVER_BLOCKS / 64];
};

// The bits of word number index that stand for blocks of [first, last).
static inline uint64_t
cover_mask(unsigned int index, unsigned int first, unsigned int last)
{
	uint64_t mask = UINT64_MAX;

	if (index == first / 64)
		mask &= UINT64_MAX << first % 64;
	if (index == (last - 1) / 64)
		mask &= UINT64_MAX >> (63 - (last - 1) % 64);
	return mask;
}

// The number of blocks of [first, last) in the set.
static inline unsigned int
cover_count(const struct cover *cover, unsigned int first, unsigned int last)
{
	unsigned int n = 0;

	for (unsigned int i = first / 64; first < last && i <= (last - 1) / 64; i++)
		n += (unsigned int)__builtin_popcountll(cover->words[i] &
							cover_mask(i, first, last));
	return n;
}

// Adds the blocks of [first, last).
static inline void
cover_add(struct cover *cover, unsigned int first, unsigned int last)
{
	for (unsigned int i = first / 64; first < last && i <= (last - 1) / 64; i++)
		cover->words[i] |= cover_mask(i, first, last);
}
