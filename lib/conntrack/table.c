// SPDX-License-Identifier: BSD-3-Clause
//
// The table on rte_hash: one hash of 16-byte keys for IPv4, one of 48-byte keys for IPv6.
#include "conntrack/table.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#include <rte_jhash.h>

// The key of IPv4: the tuple without its zeroes.
struct key_v4 {
	rte_be32_t src;
	rte_be32_t dst;
	uint16_t src_field;
	uint16_t dst_field;
	uint16_t zone;
	uint8_t proto;
	uint8_t zero;
};

_Static_assert(sizeof(struct key_v4) == 16, "IPv4 keys have 16 bytes");

struct ct_table {
	struct rte_hash *v4;
	struct rte_hash *v6;
	size_t bytes;
};

// Cuckoo hashing fills its buckets to well over nine tenths; an eighth of slack keeps insertion
// short. rte_hash refuses what does not fit, and the caller counts that as a full table.
#define SLACK_DIVISOR 8

static struct rte_hash *
create_hash(const char *name, const char *family, uint32_t n_conns, uint32_t key_len, int socket)
{
	char full_name[RTE_HASH_NAMESIZE];
	uint32_t entries = 2 * n_conns;
	struct rte_hash_parameters parameters = {
		.name = full_name,
		.entries = RTE_MAX(entries + entries / SLACK_DIVISOR, 64u),
		.key_len = key_len,
		.hash_func = rte_jhash, // never called: every call brings its hash
		.socket_id = socket,
	};

	snprintf(full_name, sizeof(full_name), "%s.%s", name, family);
	return rte_hash_create(&parameters);
}

static size_t
heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;
	size_t bytes = 0;

	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}

struct ct_table *
ct_table_create(const char *name, uint32_t n_conns, int socket)
{
	size_t before = heap_bytes();
	struct ct_table *table = rte_zmalloc_socket("ct_table", sizeof(*table), 0, socket);

	if (table == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	table->v4 = create_hash(name, "4", n_conns, sizeof(struct key_v4), socket);
	table->v6 = create_hash(name, "6", n_conns, sizeof(struct tuple), socket);
	if (table->v4 == NULL || table->v6 == NULL) {
		ct_table_destroy(table);
		rte_errno = ENOMEM;
		return NULL;
	}
	table->bytes = heap_bytes() - before;
	return table;
}

void
ct_table_destroy(struct ct_table *table)
{
	if (table == NULL)
		return;
	rte_hash_free(table->v4);
	rte_hash_free(table->v6);
	rte_free(table);
}

static struct key_v4
key_from_tuple(const struct tuple *tuple)
{
	return (struct key_v4){
		.src = tuple->src.v4,
		.dst = tuple->dst.v4,
		.src_field = tuple->src_field,
		.dst_field = tuple->dst_field,
		.zone = tuple->zone,
		.proto = tuple->proto,
	};
}

// The tuples of one family out of a burst, as rte_hash wants them.
struct selection {
	struct key_v4 keys[CT_TABLE_BURST]; // of IPv4 only
	const void *pointers[CT_TABLE_BURST];
	hash_sig_t hashes[CT_TABLE_BURST];
	uint8_t origin[CT_TABLE_BURST]; // where in the burst the tuple came from
	uint32_t n;
};

static void
lookup_selection(const struct rte_hash *hash, struct selection *selection, uint32_t values[])
{
	void *data[CT_TABLE_BURST];
	uint64_t hits = 0;

	if (selection->n == 0)
		return;
	rte_hash_lookup_with_hash_bulk_data(hash, selection->pointers, selection->hashes,
					    selection->n, &hits, data);
	for (uint32_t i = 0; i < selection->n; i++) {
		if (hits >> i & 1)
			values[selection->origin[i]] = (uint32_t)(uintptr_t)data[i];
	}
}

void
ct_table_lookup_burst(const struct ct_table *table, const struct tuple *const tuples[],
		      const uint32_t hashes[], uint16_t n, uint32_t values[])
{
	struct selection v4, v6;

	v4.n = 0;
	v6.n = 0;
	for (uint16_t i = 0; i < n; i++) {
		bool is_v4 = tuples[i]->family == FAMILY_IPV4;
		struct selection *into = is_v4 ? &v4 : &v6;

		values[i] = CT_TABLE_MISS;
		if (is_v4)
			v4.keys[v4.n] = key_from_tuple(tuples[i]);
		into->pointers[into->n] =
			is_v4 ? (const void *)&v4.keys[v4.n] : (const void *)tuples[i];
		into->hashes[into->n] = hashes[i];
		into->origin[into->n] = (uint8_t)i;
		into->n++;
	}
	lookup_selection(table->v4, &v4, values);
	lookup_selection(table->v6, &v6, values);
}

// The hash of a family and the key of a tuple in it; key is room for the short form.
static struct rte_hash *
locate(const struct ct_table *table, const struct tuple *tuple, struct key_v4 *key,
       const void **pointer)
{
	if (tuple->family == FAMILY_IPV6) {
		*pointer = tuple;
		return table->v6;
	}
	*key = key_from_tuple(tuple);
	*pointer = key;
	return table->v4;
}

uint32_t
ct_table_lookup(const struct ct_table *table, const struct tuple *tuple, uint32_t hash)
{
	struct key_v4 room;
	const void *key;
	void *data;
	const struct rte_hash *in = locate(table, tuple, &room, &key);

	if (rte_hash_lookup_with_hash_data(in, key, hash, &data) < 0)
		return CT_TABLE_MISS;
	return (uint32_t)(uintptr_t)data;
}

bool
ct_table_add(struct ct_table *table, const struct tuple *tuple, uint32_t hash, uint32_t value)
{
	struct key_v4 room;
	const void *key;
	struct rte_hash *in = locate(table, tuple, &room, &key);

	return rte_hash_add_key_with_hash_data(in, key, hash, (void *)(uintptr_t)value) == 0;
}

void
ct_table_remove(struct ct_table *table, const struct tuple *tuple, uint32_t hash)
{
	struct key_v4 room;
	const void *key;
	struct rte_hash *in = locate(table, tuple, &room, &key);

	(void)rte_hash_del_key_with_hash(in, key, hash);
}

size_t
ct_table_bytes(const struct ct_table *table)
{
	return table->bytes;
}
