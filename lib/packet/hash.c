// SPDX-License-Identifier: BSD-3-Clause
#include "packet/hash.h"

#include <rte_cpuflags.h>

static inline uint64_t
rotate_left(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate_left(s->v1, 13) ^ s->v0;
	s->v3 = rotate_left(s->v3, 16) ^ s->v2;
	s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate_left(s->v1, 17) ^ s->v2;
	s->v3 = rotate_left(s->v3, 21) ^ s->v0;
	s->v2 = rotate_left(s->v2, 32);
}

// SipHash-1-3 with the 128-bit key k0, k1 over n 64-bit words.
static inline uint64_t
siphash13(uint64_t k0, uint64_t k1, const uint64_t *words, unsigned int n)
{
	struct sip s = {
		.v0 = k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)(n * 8) << 56;

	for (unsigned int i = 0; i < n; i++) {
		s.v3 ^= words[i];
		sip_round(&s);
		s.v0 ^= words[i];
	}
	s.v3 ^= last;
	sip_round(&s);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static uint32_t
mix_siphash(const struct hash_secret *secret, const uint64_t *blocks, unsigned int n)
{
	return (uint32_t)siphash13(secret->words[0], secret->words[1], blocks, n * 2);
}

static void
mix_keys_siphash(const struct hash_secret *secret, const struct flow_key keys[], unsigned int n,
		 uint32_t hashes[])
{
	for (unsigned int i = 0; i < n; i++)
		hashes[i] = mix_siphash(secret, keys[i].word, key_n_blocks(&keys[i]));
}

#ifdef RTE_ARCH_X86
#include <wmmintrin.h>

// Every block is added to the state and stirred by two rounds with secret round keys; a last
// round spreads the final block over the 32 bits that are kept.
__attribute__((target("aes,sse4.1"))) static inline uint32_t
stir_aes(const struct hash_secret *secret, const uint64_t *blocks, unsigned int n)
{
	const __m128i *keys = (const __m128i *)secret->words;
	__m128i state = _mm_load_si128(&keys[0]);

	for (unsigned int i = 0; i < n; i++) {
		state = _mm_xor_si128(state,
				      _mm_loadu_si128((const __m128i *)(blocks + 2 * (size_t)i)));
		state = _mm_aesenc_si128(state, _mm_load_si128(&keys[1]));
		state = _mm_aesenc_si128(state, _mm_load_si128(&keys[2]));
	}
	state = _mm_aesenc_si128(state, _mm_load_si128(&keys[3]));
	return (uint32_t)_mm_cvtsi128_si32(state);
}

__attribute__((target("aes,sse4.1"))) static uint32_t
mix_aes(const struct hash_secret *secret, const uint64_t *blocks, unsigned int n)
{
	return stir_aes(secret, blocks, n);
}

// One after the other, but the CPU works on several at once.
__attribute__((target("aes,sse4.1"))) static void
mix_keys_aes(const struct hash_secret *secret, const struct flow_key keys[], unsigned int n,
	     uint32_t hashes[])
{
	for (unsigned int i = 0; i < n; i++) {
		if (key_n_blocks(&keys[i]) == 1)
			hashes[i] = stir_aes(secret, keys[i].word, 1);
		else
			hashes[i] = stir_aes(secret, keys[i].word, KEY_BLOCKS_MAX);
	}
}

static bool
cpu_has_aes(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AES) == 1 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_SSE4_1) == 1;
}
#else
#define mix_aes      mix_siphash
#define mix_keys_aes mix_keys_siphash

static bool
cpu_has_aes(void)
{
	return false;
}
#endif

void
hash_secret_init_portable(struct hash_secret *secret, const uint8_t seed[HASH_SEED_BYTES])
{
	uint64_t key[2];

	memcpy(key, seed, sizeof(key));
	for (uint64_t i = 0; i < 8; i++)
		secret->words[i] = siphash13(key[0], key[1], &i, 1);
	secret->mix = mix_siphash;
	secret->mix_keys = mix_keys_siphash;
}

void
hash_secret_init(struct hash_secret *secret, const uint8_t seed[HASH_SEED_BYTES])
{
	hash_secret_init_portable(secret, seed);
	if (!cpu_has_aes())
		return;
	secret->mix = mix_aes;
	secret->mix_keys = mix_keys_aes;
}

bool
hash_uses_aes(const struct hash_secret *secret)
{
	return secret->mix != mix_siphash;
}

uint32_t
hash_tuple(const struct hash_secret *secret, const struct tuple *tuple)
{
	struct flow_key key;

	(void)key_from_tuple(tuple, &key);
	return hash_key(secret, &key);
}

uint32_t
hash_home(const struct hash_secret *secret, const struct tuple *tuple)
{
	const union address *low = &tuple->src;
	const union address *high = &tuple->dst;
	uint64_t blocks[4];

	if (memcmp(low, high, sizeof(*low)) > 0) {
		low = &tuple->dst;
		high = &tuple->src;
	}
	if (tuple->family == FAMILY_IPV4) {
		blocks[0] = (uint64_t)low->v4 << 32 | high->v4;
		blocks[1] = FAMILY_IPV4;
		return secret->mix(secret, blocks, 1);
	}
	memcpy(blocks, low, 16);
	memcpy(blocks + 2, high, 16);
	return secret->mix(secret, blocks, 2);
}
