// SPDX-License-Identifier: BSD-3-Clause
//
// What a table has to be able to do. table.h says what each of these means; table.c passes the
// calls on. Private to conntrack.
#pragma once

#include <rte_common.h>
#include <rte_prefetch.h>

#include "conntrack/table.h"

struct ct_table_ops {
	uint64_t (*bytes_for)(uint32_t n_conns);
	struct ct_table *(*create)(const struct ct_keys *keys, uint32_t n_conns, int socket);
	void (*destroy)(struct ct_table *table);
	void (*lookup_burst)(const struct ct_table *table, const struct ct_wanted_burst *wanted,
			     uint32_t entries[]);
	uint32_t (*lookup)(const struct ct_table *table, const struct ct_wanted *wanted);
	bool (*add)(struct ct_table *table, uint32_t hash, uint32_t upright);
	void (*remove)(struct ct_table *table, uint32_t hash, uint32_t upright);
	void (*prefetch)(const struct ct_table *table, uint32_t hash);
	uint32_t (*count)(const struct ct_table *table);
};

// The first member of every table.
struct ct_table {
	const struct ct_table_ops *ops;
};

extern const struct ct_table_ops ct_table_lines_ops;    // table_lines.c
extern const struct ct_table_ops ct_table_rte_hash_ops; // table_rte_hash.c

static inline const uint64_t *
key_words(const struct ct_keys *keys, uint32_t slot)
{
	return RTE_PTR_ADD(keys->words, slot * keys->words_stride);
}

// What a packet of this protocol needs of the connection is on its way: two lines, for UDP only the
// first. Returns where its words are.
static inline const uint64_t *
prefetch_conn(const struct ct_keys *keys, uint32_t slot, uint8_t proto)
{
	const uint64_t *words = key_words(keys, slot);

	rte_prefetch0(words);
	if (proto != PROTO_UDP)
		rte_prefetch0(RTE_PTR_ADD(words, RTE_CACHE_LINE_SIZE));
	return words;
}

static inline const union address *
key_ends(const struct ct_keys *keys, uint32_t slot)
{
	return RTE_PTR_ADD(keys->ends, slot * keys->ends_stride);
}
