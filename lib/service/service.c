// SPDX-License-Identifier: BSD-3-Clause
#include "service/service.h"

#include <stdio.h>

#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "base/bytes.h"
#include "base/contract.h"

#define EXPIRED_RING 8192 // connections that may be waiting for their owner, by number
#define POST_MAX     256  // posted at once
#define EVENT_BATCH  256  // handed over at once

// How far the service core is with a shard in this round.
struct progress {
	uint32_t cursor; // where the scan goes on
	bool is_done;    // scanned to the end
};

// A round over all shards. Only the service core uses it: it lies apart from what owners read in
// each of their turns, so that it takes no line from them.
struct round {
	tick_t begin;
	tick_t next; // earliest deadline seen
	bool has_begun;
	struct contract_owner owner; // the thread of the turns
	bool has_ended;              // and none has begun since
	struct progress shards[];
};

// What a shard and the service core have between them. Nobody writes it once they run.
struct service_shard {
	const struct ct *ct;
	struct rte_ring *expired; // from the service core to the owner
	struct rte_ring *events;  // from the owner to the service core
};

struct service {
	service_listener listener;
	void *context;
	struct ct_event *batch;
	struct round *round; // owned
	unsigned int n_shards;
	struct service_shard shards[];
};

static struct rte_ring *
create_ring(const char *kind, unsigned int shard, unsigned int element, unsigned int size)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", kind, shard);
	return rte_ring_create_elem(name, element, size, SOCKET_ID_ANY,
				    RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static size_t
service_size(const struct service_config *config)
{
	return sizeof(struct service) + config->n_shards * sizeof(struct service_shard);
}

static size_t
round_size(const struct service_config *config)
{
	return sizeof(struct round) + config->n_shards * sizeof(struct progress);
}

uint64_t
service_bytes_for(const struct service_config *config)
{
	uint64_t rings = bytes_of_ring(sizeof(uint32_t), EXPIRED_RING);
	uint64_t batch = 0;

	if (config->listener != NULL) {
		rings += bytes_of_ring(sizeof(struct ct_event), config->event_ring);
		batch = bytes_of_object(EVENT_BATCH * sizeof(struct ct_event));
	}
	return bytes_of_object(service_size(config)) + bytes_of_object(round_size(config)) + batch +
	       config->n_shards * rings;
}

struct service *
service_create(const struct service_config *config)
{
	struct service *service;

	CONTRACT_MAIN_THREAD();
	CONTRACT(config->listener == NULL || rte_is_power_of_2(config->event_ring));
	service = rte_zmalloc("service", service_size(config), 0);
	if (service == NULL)
		return NULL;
	service->listener = config->listener;
	service->context = config->context;
	service->n_shards = config->n_shards;
	service->round = rte_zmalloc("round", round_size(config), 0);
	if (service->round == NULL)
		goto fail;
	if (service->listener != NULL) {
		service->batch = rte_malloc("events", EVENT_BATCH * sizeof(*service->batch), 0);
		if (service->batch == NULL)
			goto fail;
	}
	for (unsigned int i = 0; i < service->n_shards; i++) {
		struct service_shard *shard = &service->shards[i];

		shard->expired = create_ring("expired", i, sizeof(uint32_t), EXPIRED_RING);
		if (shard->expired == NULL)
			goto fail;
		if (service->listener == NULL)
			continue;
		shard->events =
			create_ring("events", i, sizeof(struct ct_event), config->event_ring);
		if (shard->events == NULL)
			goto fail;
	}
	return service;
fail:
	service_destroy(service);
	return NULL;
}

void
service_destroy(struct service *service)
{
	if (service == NULL)
		return;
	for (unsigned int i = 0; i < service->n_shards; i++) {
		rte_ring_free(service->shards[i].expired);
		rte_ring_free(service->shards[i].events);
	}
	rte_free(service->batch);
	rte_free(service->round);
	rte_free(service);
}

struct rte_ring *
service_events(struct service *service, unsigned int shard)
{
	CONTRACT(shard < service->n_shards);
	return service->shards[shard].events;
}

void
service_attach(struct service *service, unsigned int shard, const struct ct *ct)
{
	CONTRACT(shard < service->n_shards && service->shards[shard].ct == NULL);
	CONTRACT(!service->round->has_begun);
	service->shards[shard].ct = ct;
}

// Scans the next slots of a shard and posts expired connections, as many as the ring has room for.
static void
scan(struct service *service, unsigned int shard, tick_t now, uint32_t budget)
{
	const struct service_shard *posts = &service->shards[shard];
	struct round *round = service->round;
	struct progress *progress = &round->shards[shard];
	struct ct_scan step = {.cursor = progress->cursor, .now = now, .next = round->next};
	unsigned int room = rte_ring_free_count(posts->expired);

	while (room > 0 && budget > 0 && !progress->is_done) {
		uint32_t begin = step.cursor;
		uint32_t found[POST_MAX];
		unsigned int n = ct_scan(posts->ct, &step, budget, found,
					 RTE_MIN(room, (unsigned int)POST_MAX));

		rte_ring_enqueue_bulk_elem(posts->expired, found, sizeof(found[0]), n, NULL);
		room -= n;
		progress->is_done = step.cursor == 0;
		budget -= progress->is_done ? budget : step.cursor - begin;
	}
	progress->cursor = step.cursor;
	round->next = step.next;
}

bool
service_turn(struct service *service, tick_t now, uint32_t budget, tick_t *next)
{
	struct round *round = service->round;
	bool is_done = true;

	CONTRACT(budget > 0);
	service_drain(service);
	if (!round->has_begun) {
		round->has_begun = true;
		round->has_ended = false;
		round->begin = now;
		round->next = now + ticks_from_sec(TIMEOUT_MAX_SEC);
		for (unsigned int i = 0; i < service->n_shards; i++)
			round->shards[i].is_done = service->shards[i].ct == NULL;
	}
	for (unsigned int i = 0; i < service->n_shards; i++) {
		if (!round->shards[i].is_done)
			scan(service, i, now, budget);
		is_done = is_done && round->shards[i].is_done;
	}
	if (is_done) {
		*next = round->next;
		round->has_begun = false;
		round->has_ended = true;
	}
	return is_done;
}

bool
service_can_rest(const struct service *service, tick_t now)
{
	const struct round *round = service->round;

	if (!round->has_ended || tick_reached(round->next, now))
		return false;
	for (unsigned int i = 0; i < service->n_shards; i++) {
		const struct ct *ct = service->shards[i].ct;

		if (ct != NULL && tick_reached(round->begin + ct_shortest_timeout(ct), now))
			return false;
	}
	return true;
}

bool
service_is_crowded(const struct service *service)
{
	for (unsigned int i = 0; i < service->n_shards; i++) {
		const struct ct *ct = service->shards[i].ct;
		struct ct_count count = ct == NULL ? (struct ct_count){0} : ct_count(ct);

		if (count.confirmed > count.capacity / 2)
			return true;
	}
	return false;
}

unsigned int
service_reap(struct service *service, unsigned int shard, struct ct *ct, uint64_t now_ns,
	     unsigned int max)
{
	uint32_t slots[POST_MAX];
	unsigned int n;

	CONTRACT(shard < service->n_shards && service->shards[shard].ct == ct);
	n = rte_ring_dequeue_burst_elem(service->shards[shard].expired, slots, sizeof(slots[0]),
					RTE_MIN(max, (unsigned int)POST_MAX), NULL);
	if (n > 0)
		ct_reap(ct, slots, n, now_ns);
	else
		ct_reclaim(ct, now_ns);
	return n + ct_relieve(ct, now_ns, max - n);
}

void
service_drain(struct service *service)
{
	unsigned int n;

	CONTRACT_OWNER(&service->round->owner);
	if (service->listener == NULL)
		return;
	do {
		n = 0;
		for (unsigned int i = 0; i < service->n_shards; i++)
			n += rte_ring_dequeue_burst_elem(
				service->shards[i].events, service->batch + n,
				sizeof(*service->batch), EVENT_BATCH - n, NULL);
		if (n > 0)
			service->listener(service->context, service->batch, n);
	} while (n > 0);
}
