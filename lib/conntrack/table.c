// SPDX-License-Identifier: BSD-3-Clause
//
// The call goes to the table that was chosen: once for a burst, not for each packet.
#include "conntrack/table.h"

#include <errno.h>

#include <rte_errno.h>

#include "base/contract.h"
#include "conntrack/table_ops.h"

static const struct ct_table_ops *const kinds[CT_TABLE_KIND_COUNT] = {
	[CT_TABLE_LINES] = &ct_table_lines_ops,
	[CT_TABLE_RTE_HASH] = &ct_table_rte_hash_ops,
};

uint64_t
ct_table_bytes_for(enum ct_table_kind kind, uint32_t n_conns)
{
	return kinds[kind]->bytes_for(n_conns);
}

struct ct_table *
ct_table_create(enum ct_table_kind kind, const struct ct_keys *keys, uint32_t n_conns, int socket)
{
	struct ct_table *table = kinds[kind]->create(keys, n_conns, socket);

	if (table == NULL)
		rte_errno = ENOMEM;
	return table;
}

void
ct_table_destroy(struct ct_table *table)
{
	if (table != NULL)
		table->ops->destroy(table);
}

void
ct_table_lookup_burst(const struct ct_table *table, const struct ct_wanted_burst *wanted,
		      uint32_t entries[])
{
	CONTRACT(wanted->n <= BURST_MAX);
	table->ops->lookup_burst(table, wanted, entries);
}

uint32_t
ct_table_lookup(const struct ct_table *table, const struct ct_wanted *wanted)
{
	return table->ops->lookup(table, wanted);
}

bool
ct_table_add(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	return table->ops->add(table, hash, upright);
}

void
ct_table_remove(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	table->ops->remove(table, hash, upright);
}

void
ct_table_prefetch(const struct ct_table *table, uint32_t hash)
{
	table->ops->prefetch(table, hash);
}

uint32_t
ct_table_count(const struct ct_table *table)
{
	return table->ops->count(table);
}
