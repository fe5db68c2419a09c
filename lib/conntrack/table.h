// SPDX-License-Identifier: BSD-3-Clause
//
// The table of one worker: keys to connections, by number.
//
// A confirmed connection has one entry, since both of its tuples have the same key. The keys
// themselves lie with the connections; the table is told where, and remembers numbers only. What is
// behind this header could be another table: no type of its implementation shows.
//
// Only the owner calls anything but ct_table_bytes. Nothing allocates after ct_table_create.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/key.h"

struct ct_table;

#define CT_TABLE_MISS  UINT32_MAX
#define CT_TABLE_BURST 64

// Where the keys of connections lie: those of connection i at i strides from these.
struct ct_keys {
	const void *words; // its words, KEY_WORDS of 64 bits
	size_t words_stride;
	const void *ends; // both ends, if it is IPv6
	size_t ends_stride;
};

// How much of EAL's memory ct_table_create reserves.
uint64_t ct_table_bytes_for(uint32_t n_conns);

// A table for n_conns connections.
// => socket is a NUMA node or SOCKET_ID_ANY. Returns NULL with rte_errno set when memory is short.
struct ct_table *ct_table_create(const struct ct_keys *keys, uint32_t n_conns, int socket);
void ct_table_destroy(struct ct_table *table); // takes NULL

// Looks up n keys at once; slots[i] is the number of the connection or CT_TABLE_MISS.
// => hashes[i] is hash_key of keys[i], n at most CT_TABLE_BURST.
void ct_table_lookup_burst(const struct ct_table *table, const struct flow_key keys[],
			   const uint32_t hashes[], uint16_t n, uint32_t slots[]);

// The number of one connection, or CT_TABLE_MISS.
uint32_t ct_table_lookup(const struct ct_table *table, const struct flow_key *key, uint32_t hash);

// The connection slot, whose key has this hash, is found from now on. Returns false when the table
// has no room for it.
// => No connection with its key is in the table yet.
bool ct_table_add(struct ct_table *table, uint32_t hash, uint32_t slot);

// The connection is not found any more; one that is not there is no error.
void ct_table_remove(struct ct_table *table, uint32_t hash, uint32_t slot);

// What there is to read of a connection with this hash is on its way.
void ct_table_prefetch(const struct ct_table *table, uint32_t hash);

// Connections that are in the table, counted one by one: it takes a while.
uint32_t ct_table_count(const struct ct_table *table);

// Bytes reserved for the table.
size_t ct_table_bytes(const struct ct_table *table);
