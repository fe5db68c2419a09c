// SPDX-License-Identifier: BSD-3-Clause
#include "packet/toeplitz.h"

#include <string.h>
#include <sys/random.h>

#include "base/contract.h"

static inline uint32_t
rotate_left(uint32_t value, unsigned int bits)
{
	return value << bits | value >> ((32 - bits) & 31);
}

// The hash is linear: when as many values as must lead to index 0, all indices have as many.
static bool
spreads(const struct toeplitz *toeplitz)
{
	const uint32_t mask = (UINT32_C(1) << toeplitz->bits) - 1;

	for (unsigned int place = 0; place < 32; place += 8) {
		unsigned int n_zero = 0;

		for (unsigned int byte = 0; byte < 256; byte++)
			n_zero += (rotate_left(toeplitz->hashes[byte], place) & mask) == 0;
		if (n_zero != 256U >> toeplitz->bits)
			return false;
	}
	return true;
}

bool
toeplitz_init(struct toeplitz *toeplitz, uint32_t pattern, unsigned int bits)
{
	CONTRACT(bits <= TOEPLITZ_BITS_MAX);
	*toeplitz = (struct toeplitz){.pattern = pattern, .bits = bits};
	for (unsigned int byte = 0; byte < 256; byte++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			if ((byte & 0x80U >> bit) != 0)
				toeplitz->hashes[byte] ^= rotate_left(pattern, bit);
		}
	}
	return spreads(toeplitz);
}

bool
toeplitz_init_random(struct toeplitz *toeplitz, unsigned int bits)
{
	uint32_t pattern;

	do {
		if (getrandom(&pattern, sizeof(pattern), 0) != sizeof(pattern))
			return false;
	} while (!toeplitz_init(toeplitz, pattern, bits));
	return true;
}

void
toeplitz_key(const struct toeplitz *toeplitz, uint8_t *key, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		key[i] = (uint8_t)(toeplitz->pattern >> (24 - i % 4 * 8));
}

uint32_t
toeplitz_hash(const struct toeplitz *toeplitz, const struct tuple *tuple)
{
	const uint32_t *hashes = toeplitz->hashes;
	const uint64_t *src = tuple->src.word; // of IPv4 addresses the rest is zero
	const uint64_t *dst = tuple->dst.word;
	uint64_t both = src[0] ^ src[1] ^ dst[0] ^ dst[1];
	uint32_t folded = (uint32_t)(both >> 32) ^ (uint32_t)both;
	uint8_t bytes[sizeof(folded)];

	memcpy(bytes, &folded, sizeof(bytes));
	return hashes[bytes[0]] ^ rotate_left(hashes[bytes[1]], 8) ^
	       rotate_left(hashes[bytes[2]], 16) ^ rotate_left(hashes[bytes[3]], 24);
}
