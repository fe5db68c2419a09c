// SPDX-License-Identifier: BSD-3-Clause
//
// A table alone, each of the two: keys that lie in arrays of the test's own, and the numbers of
// these.
#include "conntrack/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "packet/hash.h"
#include "util/eal.h"

#define N_CONNS 500
#define N_KEYS  (10 * N_CONNS)

#define SMALL_PIECES 4096 // heads, and what else has no size worth telling

static struct hash_secret secret;
static struct ct_table *table;
static struct flow_key keys[N_KEYS]; // of connection i

static int
create_table(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "table tests....";
	const struct ct_keys where = {
		.words = keys,
		.words_stride = sizeof(keys[0]),
		.ends = keys[0].ends,
		.ends_stride = sizeof(keys[0]),
	};

	hash_secret_init(&secret, seed);
	table = ct_table_create(*(const enum ct_table_kind *)*state, &where, N_CONNS,
				SOCKET_ID_ANY);
	return table == NULL ? -1 : 0;
}

static int
destroy_table(void **state)
{
	(void)state;
	ct_table_destroy(table);
	return 0;
}

// The n-th tuple of a family.
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

static struct flow_key
make_key(enum family family, uint32_t n)
{
	const struct tuple tuple = make_tuple(family, n);
	struct flow_key key;

	(void)key_from_tuple(&tuple, &key);
	return key;
}

static uint32_t
hash_of(uint32_t slot)
{
	return hash_key(&secret, &keys[slot]);
}

static bool
add_hashed(uint32_t slot, uint32_t hash)
{
	return ct_table_add(table, hash, entry_of(slot, DIR_ORIG));
}

static void
remove_hashed(uint32_t slot, uint32_t hash)
{
	ct_table_remove(table, hash, entry_of(slot, DIR_ORIG));
}

// The connection slot has the n-th key of a family, and is in the table.
static bool
add(uint32_t slot, enum family family, uint32_t n)
{
	keys[slot] = make_key(family, n);
	return add_hashed(slot, hash_of(slot));
}

static void
remove_slot(uint32_t slot)
{
	remove_hashed(slot, hash_of(slot));
}

static uint32_t
lookup_key(const struct flow_key *key, uint32_t hash, bool is_turned)
{
	return ct_table_lookup(table, &(struct ct_wanted){key, hash, is_turned});
}

// The slot of the n-th key of a family, or CT_TABLE_MISS: either tuple finds it, each its side.
static uint32_t
lookup(enum family family, uint32_t n)
{
	const struct flow_key key = make_key(family, n);
	const uint32_t hash = hash_key(&secret, &key);
	const uint32_t upright = lookup_key(&key, hash, false);
	const uint32_t turned = lookup_key(&key, hash, true);

	if (upright == CT_TABLE_MISS) {
		assert_int_equal(turned, CT_TABLE_MISS);
		return CT_TABLE_MISS;
	}
	assert_int_equal(entry_side(upright), DIR_ORIG);
	assert_int_equal(turned, entry_of(entry_slot(upright), DIR_REPLY));
	return entry_slot(upright);
}

static void
what_was_added_is_found_until_removed(void **state)
{
	const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(families); i++) {
		assert_int_equal(lookup(families[i], 7), CT_TABLE_MISS);
		assert_true(add(42, families[i], 7));
		assert_int_equal(lookup(families[i], 7), 42);
		remove_hashed(41, hash_of(42)); // somebody else
		assert_int_equal(lookup(families[i], 7), 42);
		remove_slot(42);
		assert_int_equal(lookup(families[i], 7), CT_TABLE_MISS);
		remove_slot(42); // no error
	}
}

// Many with one hash: keys are compared, not hashes, and they find room in buckets behind.
static void
keys_with_one_hash_are_told_apart(void **state)
{
	const uint32_t hash = UINT32_MAX; // the last bucket: the next one is the first
	const uint32_t n = 100;

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		keys[i] = make_key(i % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6, i);
		assert_int_equal(lookup_key(&keys[i], hash, false), CT_TABLE_MISS);
		assert_true(add_hashed(i, hash));
	}
	for (uint32_t removed = 0; removed < n; removed += 3)
		remove_hashed(removed, hash);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(lookup_key(&keys[i], hash, true),
				 i % 3 == 0 ? CT_TABLE_MISS : entry_of(i, DIR_REPLY));
	for (uint32_t i = 0; i < n; i++)
		remove_hashed(i, hash);
}

// Whoever chose hashes could fill some buckets only; what has no room within reach is refused, and
// nothing is left of it.
static void
one_hash_can_not_fill_the_table(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (int round = 0; round < 2; round++) {
		uint32_t n_before = n;

		for (n = 0; n < N_KEYS; n++) {
			keys[n] = make_key(FAMILY_IPV4, n);
			if (!add_hashed(n, 1234))
				break;
		}
		assert_in_range(n, 100, N_CONNS);
		if (round > 0)
			assert_int_equal(n, n_before);
		for (uint32_t i = 0; i < n; i++)
			remove_hashed(i, 1234);
	}
	assert_int_equal(lookup(FAMILY_IPV4, 7), CT_TABLE_MISS);
}

// An IPv6 key whose words are those of another is told apart by the addresses.
static void
ends_are_compared(void **state)
{
	struct flow_key other;

	(void)state;
	assert_true(add(1, FAMILY_IPV6, 7));
	other = keys[1];
	other.ends[1].word[1] ^= 1;
	assert_int_equal(lookup_key(&other, hash_of(1), false), CT_TABLE_MISS);
	remove_slot(1);
}

// As many as it was made for, of both families, again and again.
static void
there_is_room_for_all_it_was_made_for(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t n = 0; n < N_CONNS; n++)
			assert_true(add(n, n % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6, n));
		for (uint32_t n = 0; n < N_CONNS; n++) {
			assert_int_equal(lookup(n % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6, n), n);
			remove_slot(n);
		}
	}
}

// A full table says so, and keeps what it has.
static void
a_full_table_refuses(void **state)
{
	uint32_t n_added = 0;

	(void)state;
	while (n_added < N_KEYS && add(n_added, FAMILY_IPV4, n_added))
		n_added++;
	assert_in_range(n_added, N_CONNS, N_KEYS - 1);
	for (uint32_t n = 0; n < n_added; n++) {
		assert_int_equal(lookup(FAMILY_IPV4, n), n);
		assert_int_equal(ct_table_count(table), n_added - n);
		remove_slot(n);
	}
	assert_int_equal(ct_table_count(table), 0);
}

static void
a_burst_finds_what_single_lookups_find(void **state)
{
	uint32_t hashes[BURST_MAX], entries[BURST_MAX];
	bool are_turned[BURST_MAX];

	(void)state;
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		keys[i] = make_key(i % 3 == 0 ? FAMILY_IPV6 : FAMILY_IPV4, i);
		hashes[i] = i % 5 == 0 ? 99 : hash_of(i); // some have one hash
		are_turned[i] = i % 4 < 2;
		if (i % 2 == 0)
			assert_true(add_hashed(i, hashes[i]));
	}
	for (uint16_t n = 0; n <= BURST_MAX; n++) {
		entries[n == 0 ? 0 : n - 1] = 12345;
		ct_table_lookup_burst(table, &(struct ct_wanted_burst){keys, hashes, are_turned, n},
				      entries);
		for (uint16_t i = 0; i < n; i++)
			assert_int_equal(entries[i],
					 i % 2 == 0 ? entry_of(i, i % 4 < 2 ? DIR_REPLY : DIR_ORIG)
						    : CT_TABLE_MISS);
	}
	for (uint32_t i = 0; i < BURST_MAX; i++)
		remove_hashed(i, hashes[i]);
}

// The upright tuple is the reply's where the turned one is the original.
static void
the_side_of_the_upright_tuple_is_given(void **state)
{
	(void)state;
	keys[3] = make_key(FAMILY_IPV4, 7);
	assert_true(ct_table_add(table, hash_of(3), entry_of(3, DIR_REPLY)));
	assert_int_equal(lookup_key(&keys[3], hash_of(3), false), entry_of(3, DIR_REPLY));
	assert_int_equal(lookup_key(&keys[3], hash_of(3), true), entry_of(3, DIR_ORIG));
	ct_table_remove(table, hash_of(3), entry_of(3, DIR_REPLY));
	assert_int_equal(ct_table_count(table), 0);
}

// From an address and port to themselves: packets that find it are replies.
static void
one_that_answers_itself_has_one_tuple(void **state)
{
	struct tuple tuple = make_tuple(FAMILY_IPV6, 5);

	(void)state;
	tuple.dst = tuple.src;
	tuple.dst_field = tuple.src_field;
	assert_false(key_from_tuple(&tuple, &keys[9]));
	assert_true(ct_table_add(table, hash_of(9), entry_of(9, DIR_REPLY)));
	assert_int_equal(lookup_key(&keys[9], hash_of(9), false), entry_of(9, DIR_REPLY));
	assert_int_equal(ct_table_count(table), 1);
	ct_table_remove(table, hash_of(9), entry_of(9, DIR_REPLY));
	assert_int_equal(lookup_key(&keys[9], hash_of(9), false), CT_TABLE_MISS);
	assert_int_equal(ct_table_count(table), 0);
}

// With an odd number of entries taken, one is left over: it does not keep half a connection.
static void
half_a_connection_is_refused(void **state)
{
	struct tuple tuple = make_tuple(FAMILY_IPV4, N_KEYS);
	uint32_t n = 1;

	(void)state;
	tuple.dst = tuple.src;
	tuple.dst_field = tuple.src_field;
	assert_false(key_from_tuple(&tuple, &keys[0]));
	assert_true(ct_table_add(table, hash_of(0), entry_of(0, DIR_REPLY)));
	while (n < N_KEYS && add(n, FAMILY_IPV4, n))
		n++;
	assert_int_equal(n, N_CONNS);
	assert_int_equal(lookup(FAMILY_IPV4, n), CT_TABLE_MISS);
	assert_int_equal(ct_table_count(table), n);
}

// Of all that the process may take.
static size_t
bytes_taken(void)
{
	struct rte_malloc_socket_stats stats;
	size_t bytes = 0;

	for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
		if (rte_malloc_get_socket_stats(socket, &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}

// What a table is said to take is no less than what it takes, and little more.
static void
memory_is_reported(void **state)
{
	static const struct ct_keys nowhere;
	const uint32_t sizes[] = {1, 500, 4096, 100000};

	for (size_t i = 0; i < RTE_DIM(sizes); i++) {
		const size_t before = bytes_taken();
		const enum ct_table_kind kind = *(const enum ct_table_kind *)*state;
		const uint64_t said = ct_table_bytes_for(kind, sizes[i]);
		struct ct_table *other = ct_table_create(kind, &nowhere, sizes[i], SOCKET_ID_ANY);
		const size_t taken = bytes_taken() - before;

		assert_non_null(other);
		assert_in_range(said, taken, taken + taken / 10 + SMALL_PIECES);
		ct_table_destroy(other);
		assert_int_equal(bytes_taken(), before);
	}
	ct_table_destroy(NULL);
}

// What takes part in a connection's life takes no memory.
static void
nothing_is_taken_after_creation(void **state)
{
	const size_t before = bytes_taken();
	uint32_t n = 0;

	(void)state;
	while (n < N_CONNS && add(n, FAMILY_IPV4, n))
		n++;
	assert_int_equal(n, N_CONNS);
	for (n = 0; n < N_CONNS; n++)
		remove_slot(n);
	for (n = 0; n < N_CONNS && add_hashed(n, 1234); n++)
		;
	assert_int_equal(bytes_taken(), before);
}

static enum ct_table_kind lines = CT_TABLE_LINES, rte_hash = CT_TABLE_RTE_HASH;

#define TEST_OF(kind, test)                                                                        \
	{                                                                                          \
#kind ": " #test, test, create_table, destroy_table, &(kind)                       \
	}
#define TEST(test) TEST_OF(lines, test), TEST_OF(rte_hash, test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_added_is_found_until_removed),
		TEST(keys_with_one_hash_are_told_apart),
		TEST(one_hash_can_not_fill_the_table),
		TEST(ends_are_compared),
		TEST(there_is_room_for_all_it_was_made_for),
		TEST(a_full_table_refuses),
		TEST(a_burst_finds_what_single_lookups_find),
		TEST(the_side_of_the_upright_tuple_is_given),
		TEST(one_that_answers_itself_has_one_tuple),
		TEST_OF(rte_hash, half_a_connection_is_refused),
		TEST(memory_is_reported),
		TEST(nothing_is_taken_after_creation),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
