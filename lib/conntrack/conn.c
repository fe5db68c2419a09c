// SPDX-License-Identifier: BSD-3-Clause
//
// The life of a connection: see conn.h for its states and who moves it from one to the next.
#include "conntrack/conn.h"

#include <rte_branch_prediction.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "conntrack/helper/helper.h"
#include "conntrack/proto/proto.h"

// One writer, any readers: the version is odd while what a slot is changes.
static void
change_begin(struct ct_cold *cold)
{
	__atomic_store_n(&cold->version, cold->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
change_end(struct ct_cold *cold, struct ct_conn *conn, enum ct_life life)
{
	__atomic_store_n(&conn->life, life, __ATOMIC_RELAXED);
	__atomic_store_n(&cold->version, cold->version + 1, __ATOMIC_RELEASE);
}

static void
change_life(const struct ct *ct, struct ct_conn *conn, enum ct_life life)
{
	struct ct_cold *cold = conn_cold(ct, conn);

	change_begin(cold);
	change_end(cold, conn, life);
}

void
ct_conn_tuple(const struct ct *ct, const struct ct_conn *conn, enum dir dir, struct tuple *tuple)
{
	key_to_tuple(conn->key, conn_cold(ct, conn)->ends, conn->is_turned ^ (dir == DIR_REPLY),
		     tuple);
}

uint32_t
ct_conn_hash(const struct ct *ct, const struct ct_conn *conn)
{
	struct flow_key key = {.word = {conn->key[0], conn->key[1]}};

	// What is not needed stays out of the cache.
	if (key_family(conn->key) == FAMILY_IPV6)
		memcpy(key.ends, conn_cold(ct, conn)->ends, sizeof(key.ends));
	return hash_key(ct->secret, &key);
}

static uint32_t
capacity_for(const struct ct_params *params, unsigned int n_workers)
{
	return RTE_MAX(params->max_connections / n_workers, 1u);
}

// A reopened connection is dying beside its heir.
static uint32_t
n_slots_for(uint32_t capacity)
{
	return capacity + BURST_MAX;
}

uint64_t
ct_bytes_for(const struct ct_params *params, unsigned int n_workers)
{
	const uint32_t capacity = capacity_for(params, n_workers);
	const uint64_t n_slots = n_slots_for(capacity);

	return bytes_of_object(sizeof(struct ct)) +
	       ct_table_bytes_for((enum ct_table_kind)params->table, capacity) +
	       bytes_of_object(n_slots * sizeof(struct ct_conn)) +
	       bytes_of_object(n_slots * sizeof(struct ct_cold)) +
	       bytes_of_object(ct_expects_bytes(n_slots)) +
	       bytes_of_object(n_slots * sizeof(*((struct ct *)NULL)->helper_memory));
}

struct ct *
ct_create(const struct ct_config *config)
{
	uint32_t capacity = capacity_for(config->params, config->n_workers);
	uint32_t n_slots = n_slots_for(capacity);
	struct ct *ct = rte_zmalloc_socket("ct", sizeof(*ct), RTE_CACHE_LINE_SIZE, config->socket);
	struct ct_keys keys;

	if (ct == NULL)
		goto fail;
	ct->conns = rte_zmalloc_socket("ct_conns", (size_t)n_slots * sizeof(*ct->conns),
				       RTE_CACHE_LINE_SIZE, config->socket);
	ct->colds = rte_zmalloc_socket("ct_colds", (size_t)n_slots * sizeof(*ct->colds),
				       RTE_CACHE_LINE_SIZE, config->socket);
	keys = (struct ct_keys){
		.words = ct->conns,
		.words_stride = sizeof(*ct->conns),
		.ends = RTE_PTR_ADD(ct->colds, offsetof(struct ct_cold, ends)),
		.ends_stride = sizeof(*ct->colds),
	};
	ct->table = ct_table_create((enum ct_table_kind)config->params->table, &keys, capacity,
				    config->socket);
	ct->expects = ct_expects_create(&(struct ct_expects_config){
		.n_masters = n_slots,
		.secret = config->secret,
		.n_given_up = &ct->stats.expect_drop,
		.socket = config->socket,
	});
	ct->helper_memory = rte_zmalloc_socket("ct_helpers", n_slots * sizeof(*ct->helper_memory),
					       0, config->socket);
	if (ct->table == NULL || ct->conns == NULL || ct->colds == NULL || ct->expects == NULL ||
	    ct->helper_memory == NULL)
		goto fail;
	ct->capacity = capacity;
	ct->dying_head = SLOT_NONE;
	ct->free_head = SLOT_NONE;
	ct_evict_init(ct);
	ct->secret = config->secret;
	ct->params = *config->params;
	ct_set_params(ct, config->params);
	ct_protos_fill(config->params, ct->protos);
	ct->events = config->events;
	ct->worker = config->worker;
	ct->wants_entries = config->wants_entries;
	ct->bytes = ct_bytes_for(config->params, config->n_workers);
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
	rte_free(ct->colds);
	ct_expects_destroy(ct->expects);
	rte_free(ct->helper_memory);
	rte_free(ct);
}

void
ct_set_params(struct ct *ct, const struct ct_params *params)
{
	CONTRACT(params->max_connections == ct->params.max_connections);
	CONTRACT(params->dccp == ct->params.dccp);
	ct->params = *params;
	for (int i = 0; i < CT_TIMEOUT_COUNT; i++)
		__atomic_store_n(&ct->timeouts[i], ticks_from_sec(params->timeouts_sec[i]),
				 __ATOMIC_RELAXED);
	ct_tcp_set_timeouts(ct);
}

bool
ct_forget_verdicts(struct ct *ct, uint32_t *cursor, uint32_t budget, uint16_t low, uint16_t high)
{
	uint32_t end = RTE_MIN(ct->used_slots - *cursor, budget) + *cursor;

	CONTRACT_OWNER(&ct->owner);
	CONTRACT(*cursor <= ct->used_slots);
	for (uint32_t slot = *cursor; slot < end; slot++) {
		struct verdict_memo *memo = &ct->conns[slot].memo;

		if (memo->generation >= low && memo->generation <= high)
			*memo = (struct verdict_memo){0};
	}
	*cursor = end < ct->used_slots ? end : 0;
	return *cursor == 0;
}

// What the next new connection will write to is on its way.
static void
prefetch_free(const struct ct *ct)
{
	if (ct->free_head == SLOT_NONE)
		return;
	rte_prefetch0(&ct->colds[ct->free_head]);
	rte_prefetch0(&ct->conns[ct->free_head]);
	rte_prefetch0(&ct->conns[ct->free_head].l4);
}

// A slot that holds nothing: one that was used before, so that memory stays warm, or the next.
static struct ct_conn *
take_slot(struct ct *ct)
{
	uint32_t slot;

	if (ct->n_free > 0) {
		slot = ct->free_head;
		ct->free_head = ct->colds[slot].next;
		ct->n_free--;
		prefetch_free(ct);
	} else {
		slot = ct->used_slots;
		__atomic_store_n(&ct->used_slots, slot + 1, __ATOMIC_RELEASE);
	}
	return &ct->conns[slot];
}

static void
free_slot(struct ct *ct, struct ct_conn *conn)
{
	change_life(ct, conn, CT_FREE);
	conn_cold(ct, conn)->next = ct->free_head;
	ct->free_head = conn_slot(ct, conn);
	ct->n_free++;
}

// In blocks of 16 bytes, since compilers make a string instruction of it at once, which is slow.
static inline void
clear_conn(struct ct_conn *conn)
{
	struct block {
		uint64_t word[2];
	} *blocks = (struct block *)conn;

	_Static_assert(sizeof(*conn) % sizeof(struct block) == 0, "whole blocks");
	for (size_t i = 0; i < sizeof(*conn) / sizeof(struct block); i++)
		memset(&blocks[i], 0, sizeof(struct block));
}

struct ct_conn *
ct_conn_create(struct ct *ct, struct pkt *pkt)
{
	struct ct_conn *conn;
	struct ct_cold *cold;
	struct flow_key key;
	bool is_turned;

	if (!tuple_is_invertible(&pkt->tuple)) {
		pkt->fault = FAULT_NOT_INVERTIBLE;
		return NULL;
	}
	is_turned = key_from_tuple(&pkt->tuple, &key);
	conn = take_slot(ct);
	cold = conn_cold(ct, conn);
	change_begin(cold);
	cold->id = pkt->seq;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		cold->packets_high[dir] = 0;
		cold->octets_high[dir] = 0;
	}
	if (pkt->family == FAMILY_IPV6)
		memcpy(cold->ends, key.ends, sizeof(cold->ends));
	clear_conn(conn);
	conn->key[0] = key.word[0];
	conn->key[1] = key.word[1];
	conn->deadline = pkt->now;
	conn->is_turned = is_turned;
	conn->is_own_answer = tuple_is_own_answer(&pkt->tuple);
	change_end(cold, conn, CT_UNCONFIRMED);
	ct->n_unconfirmed++;
	ct->stats.created++;
	return conn;
}

void
ct_conn_discard(struct ct *ct, struct ct_conn *conn)
{
	ct_helper_detach(ct, conn);
	ct_evict_leave(ct, conn);
	ct->n_unconfirmed--;
	ct->stats.discarded++;
	free_slot(ct, conn);
}

bool
ct_conn_confirm(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	if (!ct_table_add(ct->table, pkt->hash, conn_upright(ct, conn))) {
		ct->stats.insert_failed++;
		return false;
	}
	change_life(ct, conn, CT_CONFIRMED);
	ct->n_unconfirmed--;
	ct->stats.confirmed++;
	conn->events = 0;
	if (ct->events != NULL && !ct_event_send(ct, conn, CT_EVENT_NEW, pkt->seq, pkt->now_ns))
		ct->stats.events_lost++;
	return true;
}

void
ct_conn_kill(struct ct *ct, struct ct_conn *conn, enum ct_end end, uint64_t seq, uint64_t now_ns)
{
	uint32_t slot = conn_slot(ct, conn);

	conn->end = end & 7u;
	ct_evict_leave(ct, conn);
	ct_table_remove(ct->table, ct_conn_hash(ct, conn), conn_upright(ct, conn));
	change_life(ct, conn, CT_DYING);
	ct->stats.destroyed++;
	ct->n_dying++;
	conn_cold(ct, conn)->next = ct->dying_head;
	ct->dying_head = slot;
	// Whether the event still has to be told, by ct_reclaim.
	conn->is_untold = !ct_event_send(ct, conn, CT_EVENT_DESTROY, seq, now_ns);
	ct->stats.events_late += conn->is_untold;
	ct->n_untold += conn->is_untold;
	ct_helper_end(ct, conn, seq, now_ns);
}

void
ct_conns_prefetch(const struct ct *ct, const uint32_t slots[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		rte_prefetch0(&ct->conns[slots[i]]);
		rte_prefetch0(&ct->conns[slots[i]].link);
		rte_prefetch0(&ct->colds[slots[i]]);
	}
	for (unsigned int i = 0; i < n; i++)
		ct_table_prefetch(ct->table, ct_conn_hash(ct, &ct->conns[slots[i]]));
}

void
ct_reclaim(struct ct *ct, uint64_t now_ns)
{
	uint32_t *link = &ct->dying_head;

	CONTRACT_OWNER(&ct->owner);
	while (*link != SLOT_NONE) {
		struct ct_conn *conn = &ct->conns[*link];
		struct ct_cold *cold = conn_cold(ct, conn);

		// Those that have to wait keep their order, however often somebody looks.
		if (conn->is_untold && !ct_event_send(ct, conn, CT_EVENT_DESTROY, 0, now_ns)) {
			link = &cold->next;
			continue;
		}
		*link = cold->next;
		ct->n_dying--;
		ct->n_untold -= conn->is_untold;
		free_slot(ct, conn);
	}
}

void
ct_touch(struct ct *ct, const struct ct_conn *conn)
{
	ct_touch_hash(ct, ct_conn_hash(ct, conn));
	if (conn->helper != CT_HELPER_NONE) {
		struct tuple tuple;

		ct_conn_tuple(ct, conn, DIR_ORIG, &tuple);
		ct_touch_home(ct, hash_home(ct->secret, &tuple));
	}
}

void
ct_touch_home(struct ct *ct, uint32_t home)
{
	ct->touched.has_homes = true;
	ct_touch_hash(ct, home);
}

bool
ct_is_touched(const struct ct *ct, uint32_t hash)
{
	if ((ct->touched.filter[hash >> 6 & 3] >> (hash & 63) & 1) == 0)
		return false;
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
	struct ct_event event;

	if (ct->events == NULL)
		return true;
	event = (struct ct_event){
		.seq = seq,
		.time_ns = now_ns,
		.type = (uint8_t)type,
		.changed = conn->events,
		.end = conn->end,
	};
	ct_entry_fill(ct, conn, tick_from_ns(now_ns), &event.entry);
	return rte_ring_enqueue_elem(ct->events, &event, sizeof(event)) == 0;
}

void
ct_remember(const struct ct *ct, struct pkt *pkt)
{
	const struct ct_conn *conn = pkt->conn;

	if (conn == NULL)
		return;
	pkt->in_table = conn->life == CT_CONFIRMED;
	pkt->ct_status = (uint8_t)conn->status;
	pkt->ct_deadline = conn->deadline;
	pkt->conn_id = conn_cold(ct, conn)->id;
	pkt->ct_state = ct_conn_state(ct, conn);
	pkt->mark = conn->mark;
}
