// SPDX-License-Identifier: BSD-3-Clause
//
// The table alone: tuples in, words out.
#include "conntrack/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_memory.h>

#include "packet/hash.h"
#include "util/eal.h"

#define N_CONNS 500

static struct hash_secret secret;
static struct ct_table *table;

static int
create_table(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "table tests....";

	(void)state;
	hash_secret_init(&secret, seed);
	table = ct_table_create("test", N_CONNS, SOCKET_ID_ANY);
	return table == NULL ? -1 : 0;
}

static int
destroy_table(void **state)
{
	(void)state;
	ct_table_destroy(table);
	return 0;
}

static struct tuple
make_tuple(enum family family, uint32_t n)
{
	struct tuple tuple = {
		.src_field = (uint16_t)n,
		.dst_field = 80,
		.proto = PROTO_TCP,
		.family = (uint8_t)family,
	};

	tuple.src.v4 = n;
	tuple.dst.v4 = 1;
	if (family == FAMILY_IPV6)
		tuple.dst.v6[15] = 1;
	return tuple;
}

static uint32_t
lookup(const struct tuple *tuple)
{
	return ct_table_lookup(table, tuple, hash_tuple(&secret, tuple));
}

static void
what_was_added_is_found_until_removed(void **state)
{
	const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(families); i++) {
		const struct tuple tuple = make_tuple(families[i], 7);
		const uint32_t hash = hash_tuple(&secret, &tuple);

		assert_int_equal(lookup(&tuple), CT_TABLE_MISS);
		assert_true(ct_table_add(table, &tuple, hash, 42));
		assert_int_equal(lookup(&tuple), 42);
		ct_table_remove(table, &tuple, hash);
		assert_int_equal(lookup(&tuple), CT_TABLE_MISS);
		ct_table_remove(table, &tuple, hash); // no error
	}
}

// One field at a time, even with the same hash: keys are compared, not hashes.
static void
every_field_tells_tuples_apart(void **state)
{
	const struct tuple tuple = make_tuple(FAMILY_IPV4, 7);
	const uint32_t hash = hash_tuple(&secret, &tuple);

	(void)state;
	assert_true(ct_table_add(table, &tuple, hash, 1));
	for (int field = 0; field < 6; field++) {
		struct tuple other = tuple;

		other.src.v4 ^= field == 0;
		other.dst.v4 ^= field == 1;
		other.src_field ^= field == 2;
		other.dst_field ^= field == 3;
		other.zone ^= field == 4;
		other.proto ^= field == 5;
		assert_int_equal(ct_table_lookup(table, &other, hash), CT_TABLE_MISS);
	}
	ct_table_remove(table, &tuple, hash);
}

// An IPv6 tuple whose addresses begin like those of an IPv4 one is another flow.
static void
families_are_apart(void **state)
{
	const struct tuple v4 = make_tuple(FAMILY_IPV4, 7);
	struct tuple v6 = v4;
	const uint32_t hash = hash_tuple(&secret, &v4);

	(void)state;
	v6.family = FAMILY_IPV6;
	assert_true(ct_table_add(table, &v4, hash, 4));
	assert_int_equal(ct_table_lookup(table, &v6, hash), CT_TABLE_MISS);
	assert_true(ct_table_add(table, &v6, hash, 6));
	assert_int_equal(ct_table_lookup(table, &v4, hash), 4);
	assert_int_equal(ct_table_lookup(table, &v6, hash), 6);
	ct_table_remove(table, &v4, hash);
	assert_int_equal(ct_table_lookup(table, &v6, hash), 6);
	ct_table_remove(table, &v6, hash);
}

// Zero is a value like any other, and so is the largest a connection can have.
static void
any_value_but_the_miss_can_be_kept(void **state)
{
	const uint32_t values[] = {0, 1, UINT32_MAX - 1};
	const struct tuple tuple = make_tuple(FAMILY_IPV4, 7);
	const uint32_t hash = hash_tuple(&secret, &tuple);

	(void)state;
	for (size_t i = 0; i < RTE_DIM(values); i++) {
		assert_true(ct_table_add(table, &tuple, hash, values[i]));
		assert_int_equal(lookup(&tuple), values[i]);
		ct_table_remove(table, &tuple, hash);
	}
}

// Both entries of every connection, of both families at the same time, again and again.
static void
there_is_room_for_all_it_was_made_for(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2) {
			for (uint32_t n = 0; n < 2 * N_CONNS; n++) {
				const struct tuple tuple = make_tuple(family, n);

				assert_true(ct_table_add(table, &tuple, hash_tuple(&secret, &tuple),
							 n));
			}
		}
		for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2) {
			for (uint32_t n = 0; n < 2 * N_CONNS; n++) {
				const struct tuple tuple = make_tuple(family, n);

				assert_int_equal(lookup(&tuple), n);
				ct_table_remove(table, &tuple, hash_tuple(&secret, &tuple));
			}
		}
	}
}

// A full table says so, and keeps what it has.
static void
a_full_table_refuses(void **state)
{
	uint32_t n_added = 0;

	(void)state;
	for (; n_added < 10 * N_CONNS; n_added++) {
		const struct tuple tuple = make_tuple(FAMILY_IPV4, n_added);

		if (!ct_table_add(table, &tuple, hash_tuple(&secret, &tuple), n_added))
			break;
	}
	assert_in_range(n_added, 2 * N_CONNS, 10 * N_CONNS - 1);
	for (uint32_t n = 0; n < n_added; n++) {
		const struct tuple tuple = make_tuple(FAMILY_IPV4, n);

		assert_int_equal(lookup(&tuple), n);
		ct_table_remove(table, &tuple, hash_tuple(&secret, &tuple));
	}
}

static void
a_burst_finds_what_single_lookups_find(void **state)
{
	struct tuple tuples[CT_TABLE_BURST];
	const struct tuple *pointers[CT_TABLE_BURST];
	uint32_t hashes[CT_TABLE_BURST], values[CT_TABLE_BURST];

	(void)state;
	for (uint32_t i = 0; i < CT_TABLE_BURST; i++) {
		tuples[i] = make_tuple(i % 3 == 0 ? FAMILY_IPV6 : FAMILY_IPV4, i);
		pointers[i] = &tuples[i];
		hashes[i] = hash_tuple(&secret, &tuples[i]);
		if (i % 2 == 0)
			assert_true(ct_table_add(table, &tuples[i], hashes[i], i));
	}
	for (uint16_t n = 0; n <= CT_TABLE_BURST; n++) {
		values[n == 0 ? 0 : n - 1] = 12345;
		ct_table_lookup_burst(table, pointers, hashes, n, values);
		for (uint16_t i = 0; i < n; i++)
			assert_int_equal(values[i], i % 2 == 0 ? i : CT_TABLE_MISS);
	}
	for (uint32_t i = 0; i < CT_TABLE_BURST; i++)
		ct_table_remove(table, &tuples[i], hashes[i]);
}

static void
memory_is_reported(void **state)
{
	(void)state;
	// Two entries per connection and family, and each entry at least its key.
	assert_true(ct_table_bytes(table) >= (size_t)2 * N_CONNS * (16 + 48));
	ct_table_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_added_is_found_until_removed, create_table,
						destroy_table),
		cmocka_unit_test_setup_teardown(every_field_tells_tuples_apart, create_table,
						destroy_table),
		cmocka_unit_test_setup_teardown(families_are_apart, create_table, destroy_table),
		cmocka_unit_test_setup_teardown(any_value_but_the_miss_can_be_kept, create_table,
						destroy_table),
		cmocka_unit_test_setup_teardown(there_is_room_for_all_it_was_made_for, create_table,
						destroy_table),
		cmocka_unit_test_setup_teardown(a_full_table_refuses, create_table, destroy_table),
		cmocka_unit_test_setup_teardown(a_burst_finds_what_single_lookups_find,
						create_table, destroy_table),
		cmocka_unit_test_setup_teardown(memory_is_reported, create_table, destroy_table),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
