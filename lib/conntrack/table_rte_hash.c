// SPDX-License-Identifier: BSD-3-Clause
//
// The table of connections as DPDK's rte_hash, with an entry for each direction of a connection: to
// compare with, and for whoever trusts a library more.
//
// The key of a direction is that of the connection with a bit that says whether the tuple is the
// turned one. rte_hash copies keys, so all of one table have the same length, and IPv4 has zeros
// for ends. Its own hash function is never asked: it is given our keyed hash, so that nobody can
// choose what collides; the two halves of it change places for the turned tuple, or both directions
// would lie in one bucket. Buckets that overflow go on in others that were reserved at the
// beginning, so that there is room for as many keys as were promised, whatever their hashes are.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_malloc.h>

#include "base/bytes.h"
#include "conntrack/table_ops.h"

#define TURNED (UINT64_C(1) << 63) // in the second word of a key, above the family

#define BUCKET_KEYS  8
#define BUCKET_BYTES 64
#define KEY_BYTES    64   // the key, and the pointer beside it
#define HEAD_BYTES   2048 // what rte_hash keeps of itself, its lists and its name included

struct directions {
	struct ct_table table;
	struct rte_hash *hash;
	struct ct_keys keys;
};

_Static_assert(offsetof(struct directions, table) == 0, "a table begins with struct ct_table");
_Static_assert(sizeof(struct flow_key) + sizeof(void *) <= KEY_BYTES, "a key is one line");

static struct directions *
directions_of(struct ct_table *table)
{
	return (struct directions *)table;
}

static const struct directions *
directions_read(const struct ct_table *table)
{
	return (const struct directions *)table;
}

static uint32_t
n_keys_for(uint32_t n_conns)
{
	return RTE_MAX(DIR_COUNT * n_conns, (uint32_t)BUCKET_KEYS);
}

// What rte_hash_create reserves: buckets, as many more for those that overflow, keys, and the lists
// of unused keys and of unused buckets.
static uint64_t
directions_bytes_for(uint32_t n_conns)
{
	const uint32_t n_keys = n_keys_for(n_conns);
	const uint32_t n_buckets = rte_align32pow2(n_keys) / BUCKET_KEYS;

	return bytes_of_object(sizeof(struct directions)) + bytes_of_object(HEAD_BYTES) +
	       2 * bytes_of_object((uint64_t)n_buckets * BUCKET_BYTES) +
	       bytes_of_object(((uint64_t)n_keys + 1) * KEY_BYTES) +
	       bytes_of_ring(sizeof(uint32_t), rte_align32pow2(n_keys + 1)) +
	       bytes_of_ring(sizeof(uint32_t), rte_align32pow2(n_buckets + 1));
}

static void
directions_destroy(struct ct_table *table)
{
	rte_hash_free(directions_of(table)->hash); // takes NULL
	rte_free(table);
}

static struct ct_table *
directions_create(const struct ct_keys *keys, uint32_t n_conns, int socket)
{
	const uint32_t n_keys = n_keys_for(n_conns);
	struct directions *directions =
		rte_zmalloc_socket("ct_table", sizeof(*directions), 0, socket);
	char name[RTE_HASH_NAMESIZE];
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = n_keys,
		.key_len = sizeof(struct flow_key),
		.socket_id = socket,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	if (directions == NULL)
		return NULL;
	snprintf(name, sizeof(name), "ct_%" PRIxPTR, (uintptr_t)directions); // nobody else's
	directions->table.ops = &ct_table_rte_hash_ops;
	directions->keys = *keys;
	directions->hash = rte_hash_create(&parameters);
	if (directions->hash == NULL) {
		directions_destroy(&directions->table);
		return NULL;
	}
	return &directions->table;
}

static inline hash_sig_t
signature(uint32_t hash, bool is_turned)
{
	return is_turned ? hash << 16 | hash >> 16 : hash;
}

// The key of a direction.
static inline void
set_key(struct flow_key *key, const uint64_t words[KEY_WORDS], const union address ends[2],
	bool is_turned)
{
	key->word[0] = words[0];
	key->word[1] = words[1] | (is_turned ? TURNED : 0);
	if (key_family(words) == FAMILY_IPV6)
		memcpy(key->ends, ends, sizeof(key->ends));
	else
		memset(key->ends, 0, sizeof(key->ends));
}

// The key of a direction of the connection behind an entry.
static void
set_key_of(const struct directions *directions, uint32_t entry, bool is_turned,
	   struct flow_key *key)
{
	const uint32_t slot = entry_slot(entry);

	set_key(key, key_words(&directions->keys, slot), key_ends(&directions->keys, slot),
		is_turned);
}

static void
directions_lookup_burst(const struct ct_table *table, const struct ct_wanted_burst *wanted,
			uint32_t entries[])
{
	struct flow_key keys[BURST_MAX];
	const struct directions *directions = directions_read(table);
	const void *pointers[BURST_MAX];
	hash_sig_t signatures[BURST_MAX];
	void *found[BURST_MAX];
	uint64_t hits = 0;

	if (wanted->n == 0)
		return;
	for (uint16_t i = 0; i < wanted->n; i++) {
		const struct flow_key *key = &wanted->keys[i];

		set_key(&keys[i], key->word, key->ends, wanted->are_turned[i]);
		pointers[i] = &keys[i];
		signatures[i] = signature(wanted->hashes[i], wanted->are_turned[i]);
	}
	rte_hash_lookup_with_hash_bulk_data(directions->hash, pointers, signatures, wanted->n,
					    &hits, found);
	for (uint16_t i = 0; i < wanted->n; i++) {
		entries[i] = CT_TABLE_MISS;
		if ((hits >> i & 1) == 0)
			continue;
		entries[i] = (uint32_t)(uintptr_t)found[i];
		prefetch_conn(&directions->keys, entry_slot(entries[i]),
			      key_proto(wanted->keys[i].word));
	}
}

static uint32_t
directions_lookup(const struct ct_table *table, const struct ct_wanted *wanted)
{
	struct flow_key key;
	void *found;

	set_key(&key, wanted->key->word, wanted->key->ends, wanted->is_turned);
	if (rte_hash_lookup_with_hash_data(directions_read(table)->hash, &key,
					   signature(wanted->hash, wanted->is_turned), &found) < 0)
		return CT_TABLE_MISS;
	return (uint32_t)(uintptr_t)found;
}

static bool
add_direction(struct directions *directions, uint32_t hash, uint32_t entry, bool is_turned)
{
	struct flow_key key;

	set_key_of(directions, entry, is_turned, &key);
	return rte_hash_add_key_with_hash_data(directions->hash, &key, signature(hash, is_turned),
					       (void *)(uintptr_t)entry) == 0;
}

static void
remove_direction(struct directions *directions, uint32_t hash, uint32_t entry, bool is_turned)
{
	struct flow_key key;

	set_key_of(directions, entry, is_turned, &key);
	(void)rte_hash_del_key_with_hash(directions->hash, &key, signature(hash, is_turned));
}

// From an address and port to themselves.
static bool
is_own_answer(const struct directions *directions, uint32_t entry)
{
	const uint32_t slot = entry_slot(entry);
	struct tuple tuple;

	key_to_tuple(key_words(&directions->keys, slot), key_ends(&directions->keys, slot), false,
		     &tuple);
	return tuple_is_own_answer(&tuple);
}

static bool
directions_add(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	struct directions *directions = directions_of(table);

	if (!add_direction(directions, hash, upright, false))
		return false;
	if (is_own_answer(directions, upright) ||
	    add_direction(directions, hash, entry_other(upright), true))
		return true;
	remove_direction(directions, hash, upright, false);
	return false;
}

static void
directions_remove(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	struct directions *directions = directions_of(table);

	remove_direction(directions, hash, upright, false);
	remove_direction(directions, hash, upright, true);
}

// rte_hash does not tell where its buckets are.
static void
directions_prefetch(const struct ct_table *table, uint32_t hash)
{
	(void)table;
	(void)hash;
}

// Every connection has one upright tuple.
static uint32_t
directions_count(const struct ct_table *table)
{
	uint32_t next = 0, n = 0;
	const void *key;
	void *entry;

	while (rte_hash_iterate(directions_read(table)->hash, &key, &entry, &next) >= 0)
		n += (((const struct flow_key *)key)->word[1] & TURNED) == 0;
	return n;
}

const struct ct_table_ops ct_table_rte_hash_ops = {
	.bytes_for = directions_bytes_for,
	.create = directions_create,
	.destroy = directions_destroy,
	.lookup_burst = directions_lookup_burst,
	.lookup = directions_lookup,
	.add = directions_add,
	.remove = directions_remove,
	.prefetch = directions_prefetch,
	.count = directions_count,
};
