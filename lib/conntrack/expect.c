// SPDX-License-Identifier: BSD-3-Clause
//
// A fixed array, found by all but the source port, by master and by age. Nothing that a packet can
// ask for looks at more than one bucket, whose choice has a secret, or at more than one master
// expects.
#include "conntrack/expect.h"

#include <sys/queue.h>

#include <rte_common.h>
#include <rte_malloc.h>

#define N_BUCKETS      1024
#define PER_PACKET_MAX 2 // that a packet announces: both ways of a call

LIST_HEAD(slot_list, slot);
TAILQ_HEAD(slot_queue, slot);

struct slot {
	struct ct_expectation expectation;
	LIST_ENTRY(slot) by_tuple; // also chains the free ones
	TAILQ_ENTRY(slot) by_age;
	struct slot *next; // of the same master
};

struct ct_expects {
	uint32_t n;
	const struct hash_secret *secret;
	uint64_t *n_given_up;
	struct slot_list free;
	struct slot_queue by_age[2]; // oldest first; of masters without an answer, and with
	struct slot_list buckets[N_BUCKETS];
	struct slot slots[CT_EXPECTS_MAX];
	struct slot *masters[]; // the oldest of each
};

size_t
ct_expects_bytes(uint32_t n_masters)
{
	return sizeof(struct ct_expects) + n_masters * sizeof(struct slot *);
}

struct ct_expects *
ct_expects_create(const struct ct_expects_config *config)
{
	struct ct_expects *expects = rte_zmalloc_socket(
		"expects", ct_expects_bytes(config->n_masters), 0, config->socket);

	if (expects == NULL)
		return NULL;
	expects->secret = config->secret;
	expects->n_given_up = config->n_given_up;
	for (unsigned int i = 0; i < RTE_DIM(expects->by_age); i++)
		TAILQ_INIT(&expects->by_age[i]);
	for (uint32_t i = CT_EXPECTS_MAX; i-- > 0;)
		LIST_INSERT_HEAD(&expects->free, &expects->slots[i], by_tuple);
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

bool
ct_expects_are_short(const struct ct_expects *expects, uint32_t n_masters)
{
	return expects->n + n_masters * PER_PACKET_MAX > CT_EXPECTS_MAX;
}

static struct slot_list *
bucket_of(struct ct_expects *expects, const struct tuple *tuple)
{
	struct tuple known = *tuple;

	known.src_field = 0;
	return &expects->buckets[hash_tuple(expects->secret, &known) % N_BUCKETS];
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

static struct slot *
find(struct ct_expects *expects, const struct tuple *tuple)
{
	struct slot *slot;

	LIST_FOREACH(slot, bucket_of(expects, tuple), by_tuple)
	{
		if (fits(&slot->expectation, tuple))
			break;
	}
	return slot;
}

static bool
is_expired(const struct slot *slot, tick_t now)
{
	return tick_reached(slot->expectation.deadline, now);
}

static struct slot_queue *
queue_of(struct ct_expects *expects, const struct slot *slot)
{
	return &expects->by_age[slot->expectation.is_answered];
}

static void
release(struct ct_expects *expects, struct slot *slot)
{
	struct slot **link = &expects->masters[slot->expectation.master];

	while (*link != slot)
		link = &(*link)->next;
	*link = slot->next;
	LIST_REMOVE(slot, by_tuple);
	TAILQ_REMOVE(queue_of(expects, slot), slot, by_age);
	LIST_INSERT_HEAD(&expects->free, slot, by_tuple);
	expects->n--;
}

// All hold for equally long, so the oldest ones expire first. An expired one gives way before all,
// then one whose master nobody has answered: those cost a sender one packet each.
static void
make_room(struct ct_expects *expects, tick_t now)
{
	struct slot *unanswered = TAILQ_FIRST(&expects->by_age[false]);
	struct slot *answered = TAILQ_FIRST(&expects->by_age[true]);

	if (!LIST_EMPTY(&expects->free))
		return;
	if (unanswered == NULL || (answered != NULL && is_expired(answered, now)))
		unanswered = answered;
	if (!is_expired(unanswered, now))
		++*expects->n_given_up;
	release(expects, unanswered);
}

// Makes room for one more expectation of the master.
static void
limit(struct ct_expects *expects, uint32_t master, uint8_t max_per_master)
{
	unsigned int n = 0;

	for (struct slot *slot = expects->masters[master]; slot != NULL; slot = slot->next)
		n++;
	if (n >= max_per_master)
		release(expects, expects->masters[master]);
}

static void
insert(struct ct_expects *expects, const struct ct_expectation *wanted)
{
	struct slot *slot = LIST_FIRST(&expects->free);
	struct slot **link = &expects->masters[wanted->master];

	LIST_REMOVE(slot, by_tuple);
	slot->expectation = *wanted;
	slot->next = NULL;
	while (*link != NULL)
		link = &(*link)->next;
	*link = slot;
	LIST_INSERT_HEAD(bucket_of(expects, &wanted->tuple), slot, by_tuple);
	TAILQ_INSERT_TAIL(queue_of(expects, slot), slot, by_age);
	expects->n++;
}

bool
ct_expect_add(struct ct_expects *expects, const struct ct_expectation *wanted, tick_t now)
{
	struct slot *slot = find(expects, &wanted->tuple);

	if (slot != NULL && !is_expired(slot, now) && slot->expectation.master != wanted->master)
		return false;
	if (slot != NULL)
		release(expects, slot);
	limit(expects, wanted->master, wanted->max_per_master);
	make_room(expects, now);
	insert(expects, wanted);
	return true;
}

// Gives up the expectation of what answers the one that came.
static void
release_answer(struct ct_expects *expects, const struct ct_expectation *taken)
{
	struct tuple answer;
	struct slot *slot;

	if (!tuple_invert(&taken->tuple, &answer))
		return;
	slot = find(expects, &answer);
	if (slot != NULL && slot->expectation.master == taken->master)
		release(expects, slot);
}

uint32_t
ct_expect_take(struct ct_expects *expects, const struct tuple *tuple, tick_t now)
{
	struct slot *slot = expects->n == 0 ? NULL : find(expects, tuple);
	struct ct_expectation taken;

	if (slot == NULL)
		return UINT32_MAX;
	taken = slot->expectation;
	release(expects, slot);
	if (tick_reached(taken.deadline, now))
		return UINT32_MAX;
	if (taken.is_either_way)
		release_answer(expects, &taken);
	return taken.master;
}

void
ct_expect_forget(struct ct_expects *expects, uint32_t master)
{
	while (expects->masters[master] != NULL)
		release(expects, expects->masters[master]);
}
