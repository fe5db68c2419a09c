// SPDX-License-Identifier: BSD-3-Clause
//
// The NICs' hash with a symmetric key. The reference below is the definition of the Toeplitz hash,
// bit by bit, and is checked itself against the values Microsoft has published for RSS ("Verifying
// the RSS Hash Calculation"), those over addresses only.
#include "packet/toeplitz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "packet/hash.h"
#include "util/published_rss.h"
#include "util/random.h"

static uint32_t
reference(const uint8_t *key, const uint8_t *input, unsigned int n)
{
	uint32_t hash = 0;

	for (unsigned int bit = 0; bit < n * 8; bit++) {
		if ((input[bit / 8] & 0x80 >> bit % 8) == 0)
			continue;
		for (unsigned int i = 0; i < 32; i++) {
			unsigned int of_key = bit + i;
			uint32_t value = key[of_key / 8] >> (7 - of_key % 8) & 1;

			hash ^= value << (31 - i);
		}
	}
	return hash;
}

static uint32_t
reference_of_tuple(const uint8_t *key, const struct tuple *tuple)
{
	unsigned int len = tuple->family == FAMILY_IPV4 ? 4 : 16;
	uint8_t input[32];

	memcpy(input, tuple->src.v6, len);
	memcpy(input + len, tuple->dst.v6, len);
	return reference(key, input, 2 * len);
}

static void
the_reference_gives_the_published_values(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N_PUBLISHED_HASHES; i++) {
		struct tuple tuple;
		uint32_t hash = published_hash(i, &tuple);

		assert_int_equal(reference_of_tuple(published_key, &tuple), hash);
	}
}

static struct tuple
any_tuple(enum family family)
{
	struct tuple tuple = {.family = (uint8_t)family};

	for (unsigned int i = 0; i < (family == FAMILY_IPV4 ? 4 : 16); i++) {
		tuple.src.v6[i] = (uint8_t)random_bits();
		tuple.dst.v6[i] = (uint8_t)random_bits();
	}
	return tuple;
}

static void
make_any(struct toeplitz *toeplitz, unsigned int bits)
{
	while (!toeplitz_init(toeplitz, (uint32_t)random_bits(), bits))
		;
}

static void
it_is_what_a_nic_computes_and_symmetric(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2000; n++) {
		struct tuple tuple = any_tuple(n % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6);
		struct tuple inverse = {.src = tuple.dst, .dst = tuple.src, .family = tuple.family};
		struct toeplitz toeplitz;
		uint8_t key[PUBLISHED_KEY_LEN];
		uint32_t hash;

		make_any(&toeplitz, 1 + n % TOEPLITZ_BITS_MAX);
		toeplitz_key(&toeplitz, key, sizeof(key));
		hash = toeplitz_hash(&toeplitz, &tuple);
		assert_int_equal(hash, reference_of_tuple(key, &tuple));
		assert_int_equal(hash, reference_of_tuple(key, &inverse));
		assert_int_equal(hash, toeplitz_hash(&toeplitz, &inverse));
		// Neither ports nor protocol: fragments and expected connections too.
		inverse.src_field = 80;
		inverse.proto = PROTO_TCP;
		assert_int_equal(hash, toeplitz_hash(&toeplitz, &inverse));
	}
}

// The reference is not symmetric by itself.
static void
another_key_is_not_symmetric(void **state)
{
	unsigned int n_equal = 0;

	(void)state;
	for (unsigned int n = 0; n < 100; n++) {
		struct tuple tuple = any_tuple(FAMILY_IPV4);
		struct tuple inverse = {.src = tuple.dst, .dst = tuple.src, .family = tuple.family};

		n_equal += reference_of_tuple(published_key, &tuple) ==
			   reference_of_tuple(published_key, &inverse);
	}
	assert_int_equal(n_equal, 0);
}

// 256 neighbours, by whichever byte of their addresses, and one server.
static void
neighbours_spread_evenly(void **state)
{
	(void)state;
	for (unsigned int bits = 1; bits <= TOEPLITZ_BITS_MAX; bits++) {
		for (unsigned int byte = 0; byte < 32; byte++) {
			unsigned int n_at[1 << TOEPLITZ_BITS_MAX] = {0};
			struct tuple tuple = any_tuple(byte < 4 ? FAMILY_IPV4 : FAMILY_IPV6);
			struct toeplitz toeplitz;

			make_any(&toeplitz, bits);
			for (unsigned int value = 0; value < 256; value++) {
				uint8_t *address = byte < 16 ? tuple.src.v6 : tuple.dst.v6;
				uint32_t home;

				address[byte % 16] = (uint8_t)value;
				home = toeplitz_home(&toeplitz, toeplitz_hash(&toeplitz, &tuple));
				n_at[home_worker(home, 1U << bits)]++;
			}
			for (unsigned int i = 0; i < 1U << bits; i++)
				assert_int_equal(n_at[i], 256 >> bits);
		}
	}
}

static void
patterns_that_spread_badly_are_refused(void **state)
{
	// All hashes 0 or all ones; the octets that are far from the ones.
	static const uint32_t bad[] = {0, 0xffffffff, 0xaaaaaaaa, 1, 0x80000000, 0x00ff0000};
	struct toeplitz toeplitz;
	unsigned int n_good = 0;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_false(toeplitz_init(&toeplitz, bad[i], TOEPLITZ_BITS_MAX));
	// Of four 8x8 Toeplitz matrices of random bits each is regular with probability 1/2.
	for (unsigned int n = 0; n < 16000; n++)
		n_good += toeplitz_init(&toeplitz, (uint32_t)random_bits(), TOEPLITZ_BITS_MAX);
	assert_in_range(n_good, 800, 1200);
}

static void
a_random_one_is_another_each_time(void **state)
{
	struct toeplitz toeplitz[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_true(toeplitz_init_random(&toeplitz[i], 7));
	assert_int_not_equal(toeplitz[0].pattern, toeplitz[1].pattern);
}

// A table that is larger than needed repeats nothing else than the smaller one.
static void
tables_of_all_sizes_say_the_same(void **state)
{
	struct toeplitz toeplitz;

	(void)state;
	make_any(&toeplitz, 7);
	for (unsigned int n_workers = 1; n_workers <= 64; n_workers++) {
		for (uint32_t hash = 0; hash < 512; hash++)
			assert_int_equal(
				home_worker(toeplitz_home(&toeplitz, hash), n_workers),
				home_worker(toeplitz_home(&toeplitz, hash % 128), n_workers));
		assert_int_equal(home_worker(toeplitz_home(&toeplitz, 127), n_workers),
				 n_workers - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_gives_the_published_values),
		cmocka_unit_test(it_is_what_a_nic_computes_and_symmetric),
		cmocka_unit_test(another_key_is_not_symmetric),
		cmocka_unit_test(neighbours_spread_evenly),
		cmocka_unit_test(patterns_that_spread_badly_are_refused),
		cmocka_unit_test(a_random_one_is_another_each_time),
		cmocka_unit_test(tables_of_all_sizes_say_the_same),
	};

	random_start(random_seed(), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
