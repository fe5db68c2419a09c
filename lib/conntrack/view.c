// SPDX-License-Identifier: BSD-3-Clause
//
// Looking at connections: the service core's scan, listings, counts, and the owner's own look at
// one. Nothing here writes to the shard.
#include "conntrack/conn.h"

#include <rte_common.h>

#include "base/contract.h"
#include "conntrack/proto/proto.h"

const char *
ct_end_name(enum ct_end end)
{
	static const char *const names[CT_END_COUNT] = {
		[CT_END_EXPIRED] = "expired",   [CT_END_EVICTED] = "evicted",
		[CT_END_FINISHED] = "finished", [CT_END_REOPENED] = "reopened",
		[CT_END_HELPER] = "helper",     [CT_END_DELETED] = "deleted",
	};

	return end < CT_END_COUNT ? names[end] : NULL;
}

const char *
ct_conn_state(const struct ct *ct, const struct ct_conn *conn)
{
	const struct ct_proto *proto = ct_proto_find(ct, conn_proto(conn));

	return proto->state_name == NULL ? NULL : proto->state_name(conn);
}

// A counter in halves; they are read again if the lower one has run over meanwhile.
static uint64_t
read_halves(const uint32_t *upper, const uint32_t *lower)
{
	uint32_t high, low;

	do {
		high = __atomic_load_n(upper, __ATOMIC_ACQUIRE);
		low = __atomic_load_n(lower, __ATOMIC_ACQUIRE);
	} while (__atomic_load_n(upper, __ATOMIC_RELAXED) != high);
	return (uint64_t)high << 32 | low;
}

void
ct_entry_fill(const struct ct *ct, const struct ct_conn *conn, tick_t now, struct ct_entry *entry)
{
	const struct ct_cold *cold = conn_cold(ct, conn);

	*entry = (struct ct_entry){
		.id = cold->id,
		.deadline = conn->deadline,
		.timeout_sec = seconds_left(conn->deadline, now),
		.status = conn->status,
		.mark = conn->mark,
		.state = ct_conn_state(ct, conn),
		.helper = conn->helper,
		.life = conn->life,
		.has_counters = ct->params.accounting,
		.worker = (uint16_t)ct->worker,
	};
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		ct_conn_tuple(ct, conn, (enum dir)dir, &entry->tuple[dir]);
		entry->packets[dir] = read_halves(&cold->packets_high[dir], &conn->packets[dir]);
		entry->octets[dir] = read_halves(&cold->octets_high[dir], &conn->octets[dir]);
	}
}

uint32_t
ct_n_slots(const struct ct *ct)
{
	return __atomic_load_n(&ct->used_slots, __ATOMIC_ACQUIRE);
}

// The owner may change the slot while it is copied; then the version differs and the copy is
// thrown away. A deadline or a counter that changes meanwhile is merely newer than the rest.
bool
ct_read(const struct ct *ct, uint32_t slot, enum ct_life life, tick_t now, struct ct_entry *entry)
{
	const struct ct_conn *conn = &ct->conns[slot];
	const struct ct_cold *cold = &ct->colds[slot];
	uint32_t version = __atomic_load_n(&cold->version, __ATOMIC_ACQUIRE);

	CONTRACT(slot < ct_n_slots(ct));
	if ((version & 1) != 0 || __atomic_load_n(&conn->life, __ATOMIC_RELAXED) != life)
		return false;
	ct_entry_fill(ct, conn, now, entry);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&cold->version, __ATOMIC_RELAXED) != version)
		return false;
	return life != CT_CONFIRMED || !tick_reached(entry->deadline, now);
}

bool
ct_find(const struct ct *ct, const struct tuple *tuple, tick_t now, struct ct_entry *entry)
{
	struct tuple prepared = *tuple;
	struct ct_wanted wanted;
	const struct ct_conn *conn;
	struct flow_key key;
	uint32_t found;

	ct_tuple_prepare(ct, &prepared);
	wanted.is_turned = key_from_tuple(&prepared, &key);
	wanted.key = &key;
	wanted.hash = hash_key(ct->secret, &key);
	found = ct_table_lookup(ct->table, &wanted);
	if (found == CT_TABLE_MISS)
		return false;
	conn = &ct->conns[entry_slot(found)];
	if (conn_is_expired(conn, now))
		return false;
	ct_entry_fill(ct, conn, now, entry);
	return true;
}

unsigned int
ct_scan(const struct ct *ct, struct ct_scan *scan, uint32_t budget, uint32_t found[],
	unsigned int max)
{
	uint32_t used = ct_n_slots(ct);
	uint32_t slot = scan->cursor;
	uint32_t end = (uint32_t)RTE_MIN((uint64_t)used, (uint64_t)slot + budget);
	unsigned int n = 0;

	for (; slot < end && n < max; slot++) {
		const struct ct_conn *conn = &ct->conns[slot];
		tick_t deadline;

		if (__atomic_load_n(&conn->life, __ATOMIC_RELAXED) != CT_CONFIRMED)
			continue;
		deadline = __atomic_load_n(&conn->deadline, __ATOMIC_RELAXED);
		if (tick_reached(deadline, scan->now))
			found[n++] = slot;
		else if (ticks_until(deadline, scan->next) < 0)
			scan->next = deadline;
	}
	scan->cursor = slot < used ? slot : 0;
	return n;
}

uint32_t
ct_shortest_timeout(const struct ct *ct)
{
	uint32_t shortest = ticks_from_sec(TIMEOUT_MAX_SEC);

	for (unsigned int i = 0; i < CT_TIMEOUT_COUNT; i++) {
		uint32_t timeout = __atomic_load_n(&ct->timeouts[i], __ATOMIC_RELAXED);

		shortest = RTE_MIN(shortest, timeout);
	}
	return shortest;
}

struct ct_count
ct_count(const struct ct *ct)
{
	uint64_t confirmed = __atomic_load_n(&ct->stats.confirmed, __ATOMIC_RELAXED);
	uint64_t destroyed = __atomic_load_n(&ct->stats.destroyed, __ATOMIC_RELAXED);

	return (struct ct_count){
		.confirmed = (uint32_t)(confirmed - destroyed),
		.unconfirmed = __atomic_load_n(&ct->n_unconfirmed, __ATOMIC_RELAXED),
		.dying = __atomic_load_n(&ct->n_dying, __ATOMIC_RELAXED),
		.capacity = ct->capacity,
	};
}

uint32_t
ct_n_lost(const struct ct *ct)
{
	uint32_t n_taken = ct->used_slots - ct->n_free;
	uint32_t n_known = ct_table_count(ct->table) + ct->n_dying;

	// What is known and lies in no slot would be just as wrong.
	return n_taken > n_known ? n_taken - n_known : n_known - n_taken;
}

void
ct_stats_read(const struct ct *ct, struct ct_stats *stats)
{
	*stats = ct->stats;
}

size_t
ct_bytes(const struct ct *ct)
{
	return ct->bytes;
}
