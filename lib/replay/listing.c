// SPDX-License-Identifier: BSD-3-Clause
#include "replay/listing.h"

#include <stdlib.h>

#include "base/memory.h"

static int
by_age(const void *left, const void *right)
{
	const struct ct_entry *a = left;
	const struct ct_entry *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

void
listing_take(struct listing *listing, const struct engine *engine, tick_t now)
{
	const unsigned int n = engine_n_workers(engine);
	unsigned int most = 0;

	for (unsigned int i = 0; i < n; i++)
		most += ct_n_slots(engine_shard(engine, i));
	listing->n = 0;
	listing->entries = memory_or_abort(calloc(most + 1, sizeof(*listing->entries)),
					   "listing the connections");
	for (unsigned int i = 0; i < n; i++) {
		const struct ct *ct = engine_shard(engine, i);

		for (uint32_t slot = 0; slot < ct_n_slots(ct); slot++)
			listing->n +=
				ct_read(ct, slot, CT_CONFIRMED, now, &listing->entries[listing->n]);
	}
	qsort(listing->entries, listing->n, sizeof(*listing->entries), by_age);
}

void
listing_free(struct listing *listing)
{
	free(listing->entries);
	*listing = (struct listing){0};
}
