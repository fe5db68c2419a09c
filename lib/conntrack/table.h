// SPDX-License-Identifier: BSD-3-Clause
//
// The table of one worker: tuples to connections, by number.
//
// What a lookup finds is an entry: the number of a connection, its slot, and the side of it that
// the tuple is, original or reply. The keys themselves lie with the connections; the table is told
// where. Two tables are behind this header, and no type of either shows: ours (table_lines.c) and
// DPDK's (table_rte_hash.c).
//
// Only the owner calls anything but ct_table_bytes_for. Nothing allocates after ct_table_create.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conntrack/params.h"
#include "packet/key.h"
#include "packet/packet.h"
#include "packet/tuple.h"

struct ct_table;

#define CT_TABLE_MISS UINT32_MAX

// Entries are numbers: two connections differ by two at least.
static inline uint32_t
entry_of(uint32_t slot, enum dir side)
{
	return slot << 1 | (uint32_t)side;
}

static inline uint32_t
entry_slot(uint32_t entry)
{
	return entry >> 1;
}

static inline enum dir
entry_side(uint32_t entry)
{
	return (enum dir)(entry & 1);
}

// The other side of the same connection.
static inline uint32_t
entry_other(uint32_t entry)
{
	return entry ^ 1;
}

// Where the keys of connections lie: those of connection i at i strides from these.
struct ct_keys {
	const void *words; // its words, KEY_WORDS of 64 bits
	size_t words_stride;
	const void *ends; // both ends, if it is IPv6
	size_t ends_stride;
};

// How much of EAL's memory ct_table_create reserves.
uint64_t ct_table_bytes_for(enum ct_table_kind kind, uint32_t n_conns);

// A table for n_conns connections.
// => socket is a NUMA node or SOCKET_ID_ANY. Returns NULL with rte_errno set when memory is short.
struct ct_table *ct_table_create(enum ct_table_kind kind, const struct ct_keys *keys,
				 uint32_t n_conns, int socket);
void ct_table_destroy(struct ct_table *table); // takes NULL

// A tuple, as a table is asked for it: see key_from_tuple.
struct ct_wanted {
	const struct flow_key *key;
	uint32_t hash; // hash_key of the key
	bool is_turned;
};

// The same for many.
struct ct_wanted_burst {
	const struct flow_key *keys;
	const uint32_t *hashes;
	const bool *are_turned;
	uint16_t n; // at most BURST_MAX
};

// Looks up all of them at once; entries[i] is what was found, or CT_TABLE_MISS.
void ct_table_lookup_burst(const struct ct_table *table, const struct ct_wanted_burst *wanted,
			   uint32_t entries[]);

// The entry of one tuple, or CT_TABLE_MISS.
uint32_t ct_table_lookup(const struct ct_table *table, const struct ct_wanted *wanted);

// A connection whose key has this hash is found by its tuples from now on. upright: the entry that
// the upright tuple of its key has; the turned one has the other side. A connection from an address
// and port to themselves has no turned one, and upright has the side by which it is to be found.
// Returns false, and the table is as before, when there is no room.
// => No connection with its key is in the table yet.
bool ct_table_add(struct ct_table *table, uint32_t hash, uint32_t upright);

// The connection that was added like this is not found any more; one that is not there is no error.
// => No other connection with its key is in the table.
void ct_table_remove(struct ct_table *table, uint32_t hash, uint32_t upright);

// What there is to read of a connection with this hash is on its way.
void ct_table_prefetch(const struct ct_table *table, uint32_t hash);

// Connections that are in the table, counted one by one: it takes a while.
uint32_t ct_table_count(const struct ct_table *table);
