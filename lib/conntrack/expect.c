// SPDX-License-Identifier: BSD-3-Clause
//
// A fixed array with a list per bucket. The bucket is found by the destination, which is exact in
// every expectation. There are few expectations at a time, and they are consulted only for packets
// of unknown flows, so the buckets need no secret: a list can not be longer than the array.
#include "conntrack/expect.h"

#include <rte_common.h>
#include <rte_jhash.h>
#include <rte_malloc.h>

#define N_BUCKETS 1024
#define NONE      UINT32_MAX

struct slot {
	struct ct_expectation expectation;
	uint64_t age; // smaller is older
	uint32_t next;
	bool is_used;
};

struct ct_expects {
	uint32_t n;
	uint32_t used; // slots from here on were never used
	uint64_t age;
	uint32_t free; // list through slot.next
	uint32_t buckets[N_BUCKETS];
	struct slot slots[CT_EXPECTS_MAX];
};

struct ct_expects *
ct_expects_create(int socket)
{
	struct ct_expects *expects = rte_zmalloc_socket("expects", sizeof(*expects), 0, socket);

	if (expects == NULL)
		return NULL;
	expects->free = NONE;
	for (int i = 0; i < N_BUCKETS; i++)
		expects->buckets[i] = NONE;
	return expects;
}

void
ct_expects_destroy(struct ct_expects *expects)
{
	rte_free(expects);
}

uint32_t
ct_expects_count(const struct ct_expects *expects)
{
	return expects->n;
}

static uint32_t *
bucket_of(struct ct_expects *expects, const struct tuple *tuple)
{
	uint32_t hash = rte_jhash(&tuple->dst, sizeof(tuple->dst), tuple->dst_field);

	return &expects->buckets[hash % N_BUCKETS];
}

// Equal in all but, maybe, the source port.
static bool
fits(const struct ct_expectation *expectation, const struct tuple *tuple)
{
	const struct tuple *own = &expectation->tuple;

	return own->dst_field == tuple->dst_field && own->proto == tuple->proto &&
	       own->family == tuple->family && own->zone == tuple->zone &&
	       (own->src_field == tuple->src_field || !expectation->has_src_field) &&
	       memcmp(&own->dst, &tuple->dst, sizeof(own->dst)) == 0 &&
	       memcmp(&own->src, &tuple->src, sizeof(own->src)) == 0;
}

static uint32_t
find(struct ct_expects *expects, const struct tuple *tuple)
{
	uint32_t at = *bucket_of(expects, tuple);

	while (at != NONE && !fits(&expects->slots[at].expectation, tuple))
		at = expects->slots[at].next;
	return at;
}

static void
release(struct ct_expects *expects, uint32_t index)
{
	struct slot *slot = &expects->slots[index];
	uint32_t *link = bucket_of(expects, &slot->expectation.tuple);

	while (*link != index)
		link = &expects->slots[*link].next;
	*link = slot->next;
	slot->is_used = false;
	slot->next = expects->free;
	expects->free = index;
	expects->n--;
}

static void
release_expired(struct ct_expects *expects, tick_t now)
{
	for (uint32_t i = 0; i < expects->used; i++) {
		if (expects->slots[i].is_used &&
		    tick_reached(expects->slots[i].expectation.deadline, now))
			release(expects, i);
	}
}

static uint32_t
take_slot(struct ct_expects *expects, tick_t now)
{
	uint32_t index;

	if (expects->free == NONE && expects->used == CT_EXPECTS_MAX)
		release_expired(expects, now);
	if (expects->free == NONE)
		return expects->used < CT_EXPECTS_MAX ? expects->used++ : NONE;
	index = expects->free;
	expects->free = expects->slots[index].next;
	return index;
}

// Makes room for one more expectation of the master.
static void
limit(struct ct_expects *expects, uint32_t master, uint8_t max_per_master)
{
	uint32_t oldest = NONE;
	unsigned int n = 0;

	for (uint32_t i = 0; i < expects->used; i++) {
		if (!expects->slots[i].is_used || expects->slots[i].expectation.master != master)
			continue;
		n++;
		if (oldest == NONE || expects->slots[i].age < expects->slots[oldest].age)
			oldest = i;
	}
	if (n >= max_per_master)
		release(expects, oldest);
}

bool
ct_expect_add(struct ct_expects *expects, const struct ct_expectation *wanted, tick_t now)
{
	uint32_t *bucket = bucket_of(expects, &wanted->tuple);
	uint32_t index = find(expects, &wanted->tuple);

	if (index != NONE && tick_reached(expects->slots[index].expectation.deadline, now)) {
		release(expects, index);
		index = NONE;
	}
	if (index != NONE) {
		if (expects->slots[index].expectation.master != wanted->master)
			return false;
		expects->slots[index].expectation.deadline = wanted->deadline;
		return true;
	}
	limit(expects, wanted->master, wanted->max_per_master);
	index = take_slot(expects, now);
	if (index == NONE)
		return false;
	expects->slots[index] = (struct slot){
		.expectation = *wanted,
		.age = expects->age++,
		.next = *bucket,
		.is_used = true,
	};
	*bucket = index;
	expects->n++;
	return true;
}

// Gives up the expectation of what answers the one that came.
static void
release_answer(struct ct_expects *expects, const struct ct_expectation *taken)
{
	struct tuple answer;
	uint32_t index;

	if (!tuple_invert(&taken->tuple, &answer))
		return;
	index = find(expects, &answer);
	if (index != NONE && expects->slots[index].expectation.master == taken->master)
		release(expects, index);
}

uint32_t
ct_expect_take(struct ct_expects *expects, const struct tuple *tuple, tick_t now)
{
	uint32_t index = expects->n == 0 ? NONE : find(expects, tuple);
	struct ct_expectation taken;

	if (index == NONE)
		return UINT32_MAX;
	taken = expects->slots[index].expectation;
	release(expects, index);
	if (tick_reached(taken.deadline, now))
		return UINT32_MAX;
	if (taken.is_either_way)
		release_answer(expects, &taken);
	return taken.master;
}

void
ct_expect_forget(struct ct_expects *expects, uint32_t master)
{
	for (uint32_t i = 0; i < expects->used && expects->n > 0; i++) {
		if (expects->slots[i].is_used && expects->slots[i].expectation.master == master)
			release(expects, i);
	}
}
