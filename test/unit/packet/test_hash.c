// SPDX-License-Identifier: BSD-3-Clause
//
// The two hashes: what they must agree on, what they must tell apart, and how they spread.
#include "packet/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t seed[HASH_SEED_BYTES] = {1, 2,  3,  4,  5,  6,  7,  8,
					      9, 10, 11, 12, 13, 14, 15, 16};

// Both mixers, where there are two; the tests below run on each.
static struct hash_secret secrets[2];

static int
make_secrets(void **state)
{
	(void)state;
	hash_secret_init_portable(&secrets[0], seed);
	hash_secret_init(&secrets[1], seed);
	return 0;
}

// SipHash-c-d as its authors describe it, byte by byte: a reference to compare with.
static uint64_t
reference_siphash(int c, int d, uint64_t k0, uint64_t k1, const uint8_t *bytes, size_t len)
{
	uint64_t v[4] = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};

#define ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))
	for (size_t i = 0; i <= len / 8; i++) {
		uint64_t m = i == len / 8 ? (uint64_t)len << 56 : 0;

		for (size_t byte = i * 8; byte < len && byte < i * 8 + 8; byte++)
			m |= (uint64_t)bytes[byte] << 8 * (byte % 8);
		v[3] ^= m;
		for (int round = 0; round < c + (i == len / 8 ? d : 0); round++) {
			if (round == c) { // all words are in: finalisation begins
				v[0] ^= m;
				v[2] ^= 0xff;
			}
			v[0] += v[1];
			v[1] = ROTATE(v[1], 13);
			v[1] ^= v[0];
			v[0] = ROTATE(v[0], 32);
			v[2] += v[3];
			v[3] = ROTATE(v[3], 16);
			v[3] ^= v[2];
			v[0] += v[3];
			v[3] = ROTATE(v[3], 21);
			v[3] ^= v[0];
			v[2] += v[1];
			v[1] = ROTATE(v[1], 17);
			v[1] ^= v[2];
			v[2] = ROTATE(v[2], 32);
		}
		if (i < len / 8)
			v[0] ^= m;
	}
#undef ROTATE
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// The vector of appendix A of the paper, for SipHash-2-4: it proves the reference.
static void
the_reference_gives_the_published_value(void **state)
{
	uint8_t message[15];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	assert_true(reference_siphash(2, 4, UINT64_C(0x0706050403020100),
				      UINT64_C(0x0f0e0d0c0b0a0908), message,
				      sizeof(message)) == UINT64_C(0xa129ca6149be45e5));
}

static void
the_portable_mixer_is_siphash_1_3(void **state)
{
	uint64_t blocks[8];

	(void)state;
	assert_false(hash_uses_aes(&secrets[0]));
	for (int i = 0; i < 8; i++)
		blocks[i] = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(i + 1);
	for (unsigned int n = 1; n <= 4; n++) {
		uint64_t expected =
			reference_siphash(1, 3, secrets[0].words[0], secrets[0].words[1],
					  (const uint8_t *)blocks, (size_t)n * 16);

		assert_int_equal(secrets[0].mix(&secrets[0], blocks, n), (uint32_t)expected);
	}
}

static struct tuple
make_tuple(enum family family, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	struct tuple tuple = {
		.src_field = sport,
		.dst_field = dport,
		.proto = PROTO_TCP,
		.family = (uint8_t)family,
	};
	uint8_t *at[] = {tuple.src.v6, tuple.dst.v6};
	uint32_t numbers[] = {src, dst};

	for (int end = 0; end < 2; end++) {
		uint8_t *low = at[end];

		if (family == FAMILY_IPV6) {
			low[0] = 0x20;
			low[1] = 0x01;
			low += 12;
		}
		for (int byte = 0; byte < 4; byte++)
			low[byte] = (uint8_t)(numbers[end] >> 8 * (3 - byte));
	}
	return tuple;
}

static void
the_seed_decides_every_value(void **state)
{
	const struct tuple tuple = make_tuple(FAMILY_IPV4, 1, 2, 3, 4);
	uint8_t other_seed[HASH_SEED_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct hash_secret again;

		(i == 0 ? hash_secret_init_portable : hash_secret_init)(&again, seed);
		assert_int_equal(hash_tuple(&again, &tuple), hash_tuple(&secrets[i], &tuple));
		for (int bit = 0; bit < HASH_SEED_BYTES * 8; bit++) {
			memcpy(other_seed, seed, sizeof(seed));
			other_seed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			(i == 0 ? hash_secret_init_portable : hash_secret_init)(&again, other_seed);
			assert_int_not_equal(hash_tuple(&again, &tuple),
					     hash_tuple(&secrets[i], &tuple));
			assert_int_not_equal(hash_home(&again, &tuple),
					     hash_home(&secrets[i], &tuple));
		}
	}
}

// They are different functions; a table made with one is not read with the other.
static void
aes_and_siphash_differ(void **state)
{
	unsigned int n_equal = 0;

	(void)state;
	if (!hash_uses_aes(&secrets[1])) {
		print_message("this CPU has no AES instructions: there is one mixer only\n");
		skip();
	}
	for (uint32_t i = 0; i < 1000; i++) {
		const struct tuple tuple = make_tuple(FAMILY_IPV4, i, 2, 3, 4);

		n_equal += hash_tuple(&secrets[0], &tuple) == hash_tuple(&secrets[1], &tuple);
	}
	assert_int_equal(n_equal, 0);
}

// Changing any bit of any field changes the hash, and half its bits on average.
static void
every_bit_of_a_tuple_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2) {
			unsigned int n_bits = 0, n_changed = 0;

			for (size_t bit = 0; bit < offsetof(struct tuple, zero) * 8; bit++) {
				for (uint32_t n = 0; n < 16; n++) {
					struct tuple tuple =
						make_tuple(family, n * 77, 2, 3, (uint16_t)n);
					uint32_t before = hash_tuple(&secrets[i], &tuple);
					uint32_t difference;
					size_t byte = bit / 8;

					// The family is no bit to flip; of IPv4 addresses, the rest
					// is always zero.
					if (byte == offsetof(struct tuple, family) ||
					    (family == FAMILY_IPV4 && byte < 32 && byte % 16 >= 4))
						continue;
					((uint8_t *)&tuple)[byte] ^= (uint8_t)(1 << bit % 8);
					difference = before ^ hash_tuple(&secrets[i], &tuple);
					assert_int_not_equal(difference, 0);
					n_changed += (unsigned int)__builtin_popcount(difference);
					n_bits += 32;
				}
			}
			// 64 or 256 bits, 16 tuples each: the mean of thousands of fair coins.
			assert_in_range(n_changed * 100 / n_bits, 47, 52);
		}
	}
}

static void
both_directions_have_one_home(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		for (uint32_t n = 0; n < 20000; n++) {
			struct tuple orig = make_tuple(n % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6,
						       n * UINT32_C(2654435761),
						       n * UINT32_C(40503) + 5, (uint16_t)n, 80);
			struct tuple reply;

			assert_true(tuple_invert(&orig, &reply));
			assert_int_equal(hash_home(&secrets[i], &orig),
					 hash_home(&secrets[i], &reply));
			// Neither ports nor protocol: fragments and expected connections too.
			reply.src_field = reply.dst_field = 0;
			reply.proto = PROTO_UDP;
			assert_int_equal(hash_home(&secrets[i], &orig),
					 hash_home(&secrets[i], &reply));
		}
	}
}

static void
a_home_is_one_of_the_workers(void **state)
{
	(void)state;
	for (unsigned int n_workers = 1; n_workers <= 64; n_workers++) {
		assert_int_equal(home_worker(0, n_workers), 0);
		assert_int_equal(home_worker(UINT32_MAX, n_workers), n_workers - 1);
		for (uint32_t n = 0; n < 1000; n++)
			assert_true(home_worker(n * UINT32_C(4294967), n_workers) < n_workers);
	}
	// Each worker has its equal part of the values.
	assert_int_equal(home_worker(UINT32_C(0x3fffffff), 4), 0);
	assert_int_equal(home_worker(UINT32_C(0x40000000), 4), 1);
	assert_int_equal(home_worker(UINT32_C(0xbfffffff), 4), 2);
	assert_int_equal(home_worker(UINT32_C(0xc0000000), 4), 3);
}

#define N_TUPLES 65536
#define N_BINS   256

// Pearson's chi-squared of N_TUPLES values in N_BINS bins, 255 degrees of freedom: mean 255,
// standard deviation 22.6. An even hash stays below 255 + 6 * 22.6 but once in a hundred million.
#define CHI_SQUARED_MAX 391.0

static double
chi_squared(const uint32_t hashes[N_TUPLES], unsigned int shift)
{
	const double expected = (double)N_TUPLES / N_BINS;
	unsigned int bins[N_BINS] = {0};
	double sum = 0;

	for (unsigned int i = 0; i < N_TUPLES; i++)
		bins[hashes[i] >> shift & (N_BINS - 1)]++;
	for (unsigned int i = 0; i < N_BINS; i++)
		sum += (bins[i] - expected) * (bins[i] - expected) / expected;
	return sum;
}

// Patterns of real networks and of attackers: they count, in one field or another.
static struct tuple
counting_tuple(int pattern, enum family family, uint32_t n)
{
	switch (pattern) {
	case 0: // one host scans the ports of another
		return make_tuple(family, 0x0a000001, 0x0a000002, 1025, (uint16_t)n);
	case 1: // neighbouring hosts, one server
		return make_tuple(family, 0x0a000000 + n, 0xc0000201, 1025, 80);
	case 2: // a host opens many connections: both ports move
		return make_tuple(family, 0x0a000001, 0xc0000201, (uint16_t)(n >> 8),
				  (uint16_t)(n & 0xff));
	default: // only the high bits of both addresses differ
		return make_tuple(family, n >> 8 << 24, n << 24, 1025, 80);
	}
}

static void
tuples_spread_over_all_bits(void **state)
{
	static uint32_t hashes[N_TUPLES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		for (int pattern = 0; pattern < 8; pattern++) {
			for (uint32_t n = 0; n < N_TUPLES; n++) {
				struct tuple tuple = counting_tuple(
					pattern % 4, pattern < 4 ? FAMILY_IPV4 : FAMILY_IPV6, n);

				hashes[n] = hash_tuple(&secrets[i], &tuple);
			}
			for (unsigned int shift = 0; shift < 32; shift += 8)
				assert_true(chi_squared(hashes, shift) < CHI_SQUARED_MAX);
		}
	}
}

static void
homes_spread_over_all_bits(void **state)
{
	static uint32_t hashes[N_TUPLES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		for (int pattern = 0; pattern < 2; pattern++) {
			for (uint32_t n = 0; n < N_TUPLES; n++) {
				struct tuple tuple = counting_tuple(
					1, pattern == 0 ? FAMILY_IPV4 : FAMILY_IPV6, n);

				hashes[n] = hash_home(&secrets[i], &tuple);
			}
			for (unsigned int shift = 0; shift < 32; shift += 8)
				assert_true(chi_squared(hashes, shift) < CHI_SQUARED_MAX);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_gives_the_published_value),
		cmocka_unit_test(the_portable_mixer_is_siphash_1_3),
		cmocka_unit_test(the_seed_decides_every_value),
		cmocka_unit_test(aes_and_siphash_differ),
		cmocka_unit_test(every_bit_of_a_tuple_counts),
		cmocka_unit_test(both_directions_have_one_home),
		cmocka_unit_test(a_home_is_one_of_the_workers),
		cmocka_unit_test(tuples_spread_over_all_bits),
		cmocka_unit_test(homes_spread_over_all_bits),
	};

	return cmocka_run_group_tests(tests, make_secrets, NULL);
}
