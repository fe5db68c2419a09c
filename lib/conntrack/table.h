// SPDX-License-Identifier: BSD-3-Clause
//
// The table of one worker: tuples to connections.
//
// Every confirmed connection has two entries, one per direction. The value of an entry is a
// 32-bit word of the caller's (the number of the connection and the direction). What is behind
// this header could be another table: no type of its implementation shows.
//
// Only the owner calls anything but ct_table_bytes. Nothing allocates after ct_table_create.
#pragma once

#include <stdint.h>

#include "packet/tuple.h"

struct ct_table;

#define CT_TABLE_MISS  UINT32_MAX
#define CT_TABLE_BURST 64

// A table for n_conns connections of IPv4 and as many of IPv6 at the same time.
// => name is unique in the process, at most 16 characters. socket is a NUMA node or SOCKET_ID_ANY.
// => Returns NULL with rte_errno set when memory is short.
struct ct_table *ct_table_create(const char *name, uint32_t n_conns, int socket);
void ct_table_destroy(struct ct_table *table); // takes NULL

// Looks up n tuples at once; values[i] is the value of the entry or CT_TABLE_MISS.
// => hashes[i] is hash_tuple of tuples[i], n at most CT_TABLE_BURST.
void ct_table_lookup_burst(const struct ct_table *table, const struct tuple *const tuples[],
			   const uint32_t hashes[], uint16_t n, uint32_t values[]);

// The value of one tuple, or CT_TABLE_MISS.
uint32_t ct_table_lookup(const struct ct_table *table, const struct tuple *tuple, uint32_t hash);

// Adds an entry. Returns false when the table has no room for it.
// => The tuple is not in the table yet.
bool ct_table_add(struct ct_table *table, const struct tuple *tuple, uint32_t hash, uint32_t value);

// Removes an entry; one that is not there is no error.
void ct_table_remove(struct ct_table *table, const struct tuple *tuple, uint32_t hash);

// Bytes reserved for the table.
size_t ct_table_bytes(const struct ct_table *table);
