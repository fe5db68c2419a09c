// SPDX-License-Identifier: BSD-3-Clause
#include "control/walk.h"

// False only if a shard certainly has no such connection at the moment. Confirmed ones are not
// counted exactly.
static bool
may_have(const struct ct *ct, enum ct_life life)
{
	struct ct_count count = ct_count(ct);

	if (life == CT_UNCONFIRMED)
		return count.unconfirmed > 0;
	if (life == CT_DYING)
		return count.dying > 0;
	return true;
}

// Advances to the first slot that may hold such a connection. Returns its shard, NULL at the end.
static const struct ct *
skip_to_slot(struct walk *walk)
{
	for (; !walk_is_over(walk); walk->at.worker++, walk->at.slot = 0) {
		const struct ct *ct = engine_shard(walk->engine, walk->at.worker);

		if (walk->at.slot < ct_n_slots(ct) && may_have(ct, walk->life))
			return ct;
	}
	return NULL;
}

bool
walk_is_over(const struct walk *walk)
{
	return walk->at.worker >= engine_n_workers(walk->engine);
}

bool
walk_next(struct walk *walk, tick_t now, unsigned int *budget, struct ct_entry *entry)
{
	const struct ct *ct = skip_to_slot(walk);
	bool is_found = false;

	while (ct != NULL && !is_found && *budget > 0) {
		is_found = ct_read(ct, walk->at.slot, walk->life, now, entry);
		walk->at.slot++;
		(*budget)--;
		ct = skip_to_slot(walk);
	}
	return is_found;
}
