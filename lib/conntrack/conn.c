// SPDX-License-Identifier: BSD-3-Clause
//
// The life of a connection: see conn.h for its states and who moves it from one to the next.
#include "conntrack/conn.h"

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "conntrack/helper/helper.h"
#include "conntrack/proto/proto.h"

// One writer, any readers: the version is odd while what a slot is changes.
static void
change_begin(struct ct_conn *conn)
{
	__atomic_store_n(&conn->version, conn->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
change_end(struct ct_conn *conn, enum ct_life life)
{
	__atomic_store_n(&conn->life, life, __ATOMIC_RELAXED);
	__atomic_store_n(&conn->version, conn->version + 1, __ATOMIC_RELEASE);
}

struct ct *
ct_create(const struct ct_config *config)
{
	uint32_t capacity = RTE_MAX(config->params->max_connections / config->n_workers, 1u);
	uint32_t n_slots =
		capacity + CT_BURST_MAX; // a reopened connection is dying beside its heir
	struct ct *ct = rte_zmalloc_socket("ct", sizeof(*ct), RTE_CACHE_LINE_SIZE, config->socket);
	char name[16];

	if (ct == NULL)
		goto fail;
	snprintf(name, sizeof(name), "ct%u", config->worker);
	ct->table = ct_table_create(name, capacity, config->socket);
	ct->conns = rte_zmalloc_socket("ct_conns", (size_t)n_slots * sizeof(*ct->conns),
				       RTE_CACHE_LINE_SIZE, config->socket);
	ct->names = rte_zmalloc_socket("ct_names", (size_t)n_slots * sizeof(*ct->names),
				       RTE_CACHE_LINE_SIZE, config->socket);
	ct->free_slots = rte_malloc_socket("ct_free", (size_t)n_slots * sizeof(*ct->free_slots),
					   RTE_CACHE_LINE_SIZE, config->socket);
	ct->expects = ct_expects_create(config->socket);
	ct->helper_memory = rte_zmalloc_socket(
		"ct_helpers", HELPED_MAX * sizeof(*ct->helper_memory), 0, config->socket);
	ct->helper_free = rte_malloc_socket(
		"ct_helpers_free", HELPED_MAX * sizeof(*ct->helper_free), 0, config->socket);
	if (ct->table == NULL || ct->conns == NULL || ct->names == NULL || ct->free_slots == NULL ||
	    ct->expects == NULL || ct->helper_memory == NULL || ct->helper_free == NULL)
		goto fail;
	while (ct->n_helper_free < HELPED_MAX) {
		ct->helper_free[ct->n_helper_free] = ct->n_helper_free;
		ct->n_helper_free++;
	}
	ct->capacity = capacity;
	ct->dying_head = SLOT_NONE;
	ct->secret = config->secret;
	ct->params = *config->params;
	ct->events = config->events;
	ct->worker = config->worker;
	ct->wants_entries = config->wants_entries;
	for (int i = 0; i < CT_TIMEOUT_COUNT; i++)
		ct->timeouts[i] = ticks_from_sec(config->params->timeouts_sec[i]);
	ct->bytes = sizeof(*ct) + ct_table_bytes(ct->table) +
		    (size_t)n_slots *
			    (sizeof(*ct->conns) + sizeof(*ct->names) + sizeof(*ct->free_slots));
	return ct;
fail:
	ct_destroy(ct);
	rte_errno = ENOMEM;
	return NULL;
}

void
ct_destroy(struct ct *ct)
{
	if (ct == NULL)
		return;
	ct_table_destroy(ct->table);
	rte_free(ct->conns);
	rte_free(ct->names);
	rte_free(ct->free_slots);
	ct_expects_destroy(ct->expects);
	rte_free(ct->helper_memory);
	rte_free(ct->helper_free);
	rte_free(ct);
}

// A slot that holds nothing: one that was used before, so that memory stays warm, or the next.
static struct ct_conn *
take_slot(struct ct *ct)
{
	uint32_t slot;

	if (ct->n_free > 0) {
		slot = ct->free_slots[--ct->n_free];
	} else {
		slot = ct->used_slots;
		__atomic_store_n(&ct->used_slots, slot + 1, __ATOMIC_RELEASE);
	}
	return &ct->conns[slot];
}

static void
free_slot(struct ct *ct, struct ct_conn *conn)
{
	change_begin(conn);
	change_end(conn, CT_FREE);
	ct->free_slots[ct->n_free++] = conn_slot(ct, conn);
}

struct ct_conn *
ct_conn_create(struct ct *ct, struct pkt *pkt)
{
	struct tuple reply;
	struct ct_conn *conn;
	struct ct_names *names;

	if (!tuple_invert(&pkt->tuple, &reply)) {
		pkt->fault = FAULT_NOT_INVERTIBLE;
		return NULL;
	}
	conn = take_slot(ct);
	names = conn_names(ct, conn);
	change_begin(conn);
	names->tuple[DIR_ORIG] = pkt->tuple;
	names->tuple[DIR_REPLY] = reply;
	*conn = (struct ct_conn){
		.version = conn->version,
		.deadline = pkt->now,
		.proto = pkt->tuple.proto,
		.id = pkt->seq,
		.next = SLOT_NONE,
		.helper_memory = SLOT_NONE,
	};
	change_end(conn, CT_UNCONFIRMED);
	ct->n_unconfirmed++;
	ct->stats.created++;
	return conn;
}

void
ct_conn_discard(struct ct *ct, struct ct_conn *conn)
{
	ct_helper_detach(ct, conn);
	ct->n_unconfirmed--;
	ct->stats.discarded++;
	free_slot(ct, conn);
}

bool
ct_conn_confirm(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	const struct ct_names *names = conn_names(ct, conn);
	const struct tuple *orig = &names->tuple[DIR_ORIG];
	const struct tuple *reply = &names->tuple[DIR_REPLY];
	uint32_t slot = conn_slot(ct, conn);

	if (!ct_table_add(ct->table, orig, pkt->hash, entry_value(slot, DIR_ORIG)))
		goto no_room;
	// A packet from an address and port to themselves is its own answer; as in the kernel, the
	// reply is what a lookup finds, since it was put in last.
	if (!ct_table_add(ct->table, reply, hash_tuple(ct->secret, reply),
			  entry_value(slot, DIR_REPLY))) {
		ct_table_remove(ct->table, orig, pkt->hash);
		goto no_room;
	}
	change_begin(conn);
	change_end(conn, CT_CONFIRMED);
	ct->n_unconfirmed--;
	ct->stats.confirmed++;
	conn->events = 0;
	if (!ct_event_send(ct, conn, CT_EVENT_NEW, pkt->seq, pkt->now_ns))
		ct->stats.events_lost++;
	return true;
no_room:
	ct->stats.insert_failed++;
	return false;
}

void
ct_conn_kill(struct ct *ct, struct ct_conn *conn, uint64_t seq, uint64_t now_ns)
{
	const struct ct_names *names = conn_names(ct, conn);

	for (int dir = 0; dir < DIR_COUNT; dir++) {
		const struct tuple *tuple = &names->tuple[dir];

		ct_table_remove(ct->table, tuple, hash_tuple(ct->secret, tuple));
	}
	change_begin(conn);
	change_end(conn, CT_DYING);
	ct->stats.destroyed++;
	ct->n_dying++;
	conn->next = ct->dying_head;
	ct->dying_head = conn_slot(ct, conn);
	// Whether the event still has to be told, by ct_reclaim.
	conn->is_untold = !ct_event_send(ct, conn, CT_EVENT_DESTROY, seq, now_ns);
	ct->stats.events_late += conn->is_untold;
	ct_helper_end(ct, conn, seq, now_ns);
}

// Of two that end at once the older one, since which of them lies first is chance.
static bool
ends_before(const struct ct_conn *conn, const struct ct_conn *other, tick_t now)
{
	int32_t left = ticks_until(conn->deadline, now);
	int32_t left_other = ticks_until(other->deadline, now);

	return left < left_other || (left == left_other && conn->id < other->id);
}

bool
ct_evict(struct ct *ct, uint32_t hash, uint64_t seq, uint64_t now_ns)
{
	tick_t now = tick_from_ns(now_ns);
	uint32_t slot = (uint32_t)((uint64_t)hash * ct->used_slots >> 32);
	struct ct_conn *victim = NULL;

	if (!ct_has_slot(ct))
		return false;
	for (uint32_t i = 0; i < EVICT_LOOK && i < ct->used_slots; i++, slot++) {
		struct ct_conn *conn = &ct->conns[slot % ct->used_slots];

		if (conn->life == CT_CONFIRMED && (conn->status & CT_ASSURED) == 0 &&
		    (victim == NULL || ends_before(conn, victim, now)))
			victim = conn;
	}
	if (victim == NULL)
		return false;
	ct->stats.early_drop++;
	ct_touch(ct, victim);
	ct_conn_kill(ct, victim, seq, now_ns);
	return true;
}

void
ct_reclaim(struct ct *ct, uint64_t now_ns)
{
	uint32_t slot = ct->dying_head;

	ct->dying_head = SLOT_NONE;
	while (slot != SLOT_NONE) {
		struct ct_conn *conn = &ct->conns[slot];
		uint32_t next = conn->next;

		if (!conn->is_untold || ct_event_send(ct, conn, CT_EVENT_DESTROY, 0, now_ns)) {
			ct->n_dying--;
			free_slot(ct, conn);
		} else {
			conn->next = ct->dying_head;
			ct->dying_head = slot;
		}
		slot = next;
	}
}

void
ct_touch(struct ct *ct, const struct ct_conn *conn)
{
	const struct ct_names *names = conn_names(ct, conn);

	for (int dir = 0; dir < DIR_COUNT; dir++)
		ct_touch_hash(ct, hash_tuple(ct->secret, &names->tuple[dir]));
	if (conn->helper != CT_HELPER_NONE)
		ct_touch_hash(ct, hash_home(ct->secret, &names->tuple[DIR_ORIG]));
}

void
ct_touch_hash(struct ct *ct, uint32_t hash)
{
	ct->touched.hashes[ct->touched.n++] = hash;
}

bool
ct_is_touched(const struct ct *ct, uint32_t hash)
{
	for (uint16_t i = 0; i < ct->touched.n; i++) {
		if (ct->touched.hashes[i] == hash)
			return true;
	}
	return false;
}

bool
ct_event_send(struct ct *ct, const struct ct_conn *conn, enum ct_event_type type, uint64_t seq,
	      uint64_t now_ns)
{
	struct ct_event event = {
		.seq = seq,
		.time_ns = now_ns,
		.type = (uint8_t)type,
		.changed = conn->events,
	};

	if (ct->events == NULL)
		return true;
	ct_entry_fill(ct, conn, tick_from_ns(now_ns), &event.entry);
	return rte_ring_enqueue_elem(ct->events, &event, sizeof(event)) == 0;
}
