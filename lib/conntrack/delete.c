// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/delete.h"

#include <rte_common.h>

#include "conntrack/conn.h"

#define DELETE_MAX 32 // connections killed at once: what they need is fetched together

// The slot has a connection, as listings show it, and the filter holds for it.
static bool
is_meant(const struct ct *ct, uint32_t slot, const struct ct_filter *filter, tick_t now)
{
	const struct ct_conn *conn = &ct->conns[slot];
	struct ct_entry entry;

	if (conn->life != CT_CONFIRMED || conn_is_expired(conn, now))
		return false;
	ct_entry_fill(ct, conn, now, &entry);
	return ct_filter_holds(filter, &entry);
}

// The first slot that is not looked at.
static uint32_t
end_of(const struct ct *ct, const struct ct_deletion *deletion)
{
	return RTE_MIN(deletion->end, ct->used_slots);
}

// The next slots with connections that are meant. Returns how many.
static unsigned int
find(const struct ct *ct, struct ct_deletion *deletion, tick_t now, unsigned int *budget,
     uint32_t slots[DELETE_MAX])
{
	const uint32_t end = end_of(ct, deletion);
	unsigned int n = 0;

	while (*budget > 0 && n < DELETE_MAX && deletion->cursor < end) {
		unsigned int cost = 1;

		if (is_meant(ct, deletion->cursor, &deletion->filter, now)) {
			slots[n++] = deletion->cursor;
			cost += CT_DELETE_COST;
		}
		*budget -= RTE_MIN(cost, *budget);
		deletion->cursor++;
	}
	return n;
}

// One of them may have ended with another meanwhile: a call with what it is controlled by.
static void
kill_all(struct ct *ct, struct ct_deletion *deletion, const uint32_t slots[], unsigned int n,
	 uint64_t now_ns)
{
	ct_conns_prefetch(ct, slots, n);
	for (unsigned int i = 0; i < n; i++) {
		struct ct_conn *conn = &ct->conns[slots[i]];

		if (conn->life != CT_CONFIRMED)
			continue;
		ct->stats.deleted++;
		deletion->n_deleted++;
		ct_conn_kill(ct, conn, CT_END_DELETED, 0, now_ns);
	}
}

bool
ct_delete(struct ct *ct, struct ct_deletion *deletion, uint64_t now_ns, unsigned int *budget)
{
	const tick_t now = tick_from_ns(now_ns);
	uint32_t slots[DELETE_MAX];

	ct_reclaim(ct, now_ns);
	while (*budget > 0 && deletion->cursor < end_of(ct, deletion) && ct->n_untold == 0) {
		unsigned int n = find(ct, deletion, now, budget, slots);

		kill_all(ct, deletion, slots, n, now_ns);
		ct_reclaim(ct, now_ns);
	}
	return deletion->cursor >= end_of(ct, deletion);
}
