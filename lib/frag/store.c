// SPDX-License-Identifier: BSD-3-Clause
#include "frag/store.h"

#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>

#include "base/bytes.h"
#include "base/contract.h"

_Static_assert(sizeof(struct frag_key) == 48 && sizeof(struct source_key) == 32,
	       "keys are whole blocks of the hash, without padding");

static void *
reserve(const char *name, size_t n, size_t size, int socket)
{
	return rte_zmalloc_socket(name, n * size, RTE_CACHE_LINE_SIZE, socket);
}

static uint32_t
n_buckets_for(const struct frag_params *params)
{
	return rte_align32pow2(params->max_datagrams * 2);
}

uint64_t
frag_store_bytes_for(const struct frag_params *params)
{
	const uint64_t n = params->max_datagrams, n_buckets = n_buckets_for(params);

	return bytes_of_object(n * sizeof(struct datagram)) +
	       bytes_of_object(n * sizeof(struct source)) +
	       bytes_of_object(n_buckets * sizeof(struct datagram_bucket)) +
	       bytes_of_object(n_buckets * sizeof(struct source_bucket));
}

bool
frag_store_init(struct frag_store *store, int socket)
{
	const uint32_t n = store->params.max_datagrams;
	const uint32_t n_buckets = n_buckets_for(&store->params);

	store->bucket_mask = n_buckets - 1;
	store->datagrams = reserve("frag_datagrams", n, sizeof(*store->datagrams), socket);
	store->sources = reserve("frag_sources", n, sizeof(*store->sources), socket);
	store->buckets = reserve("frag_buckets", n_buckets, sizeof(*store->buckets), socket);
	store->source_buckets =
		reserve("frag_buckets", n_buckets, sizeof(*store->source_buckets), socket);
	if (store->datagrams == NULL || store->sources == NULL || store->buckets == NULL ||
	    store->source_buckets == NULL)
		return false;
	TAILQ_INIT(&store->ipv4);
	TAILQ_INIT(&store->ipv6);
	for (uint32_t i = n; i-- > 0;) {
		LIST_INSERT_HEAD(&store->free_datagrams, &store->datagrams[i], by_key);
		LIST_INSERT_HEAD(&store->free_sources, &store->sources[i], by_key);
	}
	return true;
}

void
frag_store_fini(struct frag_store *store)
{
	rte_free(store->datagrams);
	rte_free(store->sources);
	rte_free(store->buckets);
	rte_free(store->source_buckets);
}

static uint32_t
hash(const struct frag_store *store, const void *key, size_t size)
{
	return store->secret->mix(store->secret, key, (unsigned int)(size / 16)) &
	       store->bucket_mask;
}

static struct datagram_queue *
queue_by_age(struct frag_store *store, const struct frag_key *key)
{
	return key->family == FAMILY_IPV4 ? &store->ipv4 : &store->ipv6;
}

struct datagram *
frag_store_find(const struct frag_store *store, const struct frag_key *key)
{
	struct datagram *datagram;

	LIST_FOREACH(datagram, &store->buckets[hash(store, key, sizeof(*key))], by_key)
	{
		if (memcmp(&datagram->key, key, sizeof(*key)) == 0)
			return datagram;
	}
	return NULL;
}

static struct source_key
source_key(const struct frag_key *key)
{
	return (struct source_key){.address = key->src, .family = key->family};
}

struct source *
frag_store_source(const struct frag_store *store, const struct frag_key *key)
{
	const struct source_key wanted = source_key(key);
	struct source *source;

	LIST_FOREACH(source, &store->source_buckets[hash(store, &wanted, sizeof(wanted))], by_key)
	{
		if (memcmp(&source->key, &wanted, sizeof(wanted)) == 0)
			return source;
	}
	return NULL;
}

static struct source *
begin_source(struct frag_store *store, const struct frag_key *key)
{
	struct source *source = LIST_FIRST(&store->free_sources);

	LIST_REMOVE(source, by_key);
	source->key = source_key(key);
	source->n = 0;
	TAILQ_INIT(&source->datagrams);
	LIST_INSERT_HEAD(&store->source_buckets[hash(store, &source->key, sizeof(source->key))],
			 source, by_key);
	return source;
}

struct datagram *
frag_store_begin(struct frag_store *store, const struct frag_key *key, tick_t now)
{
	struct datagram *datagram = LIST_FIRST(&store->free_datagrams);
	struct source *source = frag_store_source(store, key);
	uint32_t timeout = key->family == FAMILY_IPV4 ? store->params.timeout_ipv4
						      : store->params.timeout_ipv6;

	CONTRACT(datagram != NULL);
	LIST_REMOVE(datagram, by_key);
	memset(datagram, 0, sizeof(*datagram));
	datagram->key = *key;
	datagram->deadline = now + ticks_from_sec(timeout);
	datagram->source = source != NULL ? source : begin_source(store, key);
	datagram->source->n++;
	TAILQ_INSERT_TAIL(&datagram->source->datagrams, datagram, by_source);
	TAILQ_INSERT_TAIL(queue_by_age(store, key), datagram, by_age);
	LIST_INSERT_HEAD(&store->buckets[hash(store, key, sizeof(*key))], datagram, by_key);
	store->n_datagrams++;
	return datagram;
}

struct fragment *
frag_store_end(struct frag_store *store, struct datagram *datagram)
{
	struct source *source = datagram->source;

	LIST_REMOVE(datagram, by_key);
	TAILQ_REMOVE(queue_by_age(store, &datagram->key), datagram, by_age);
	TAILQ_REMOVE(&source->datagrams, datagram, by_source);
	source->n--;
	if (source->n == 0) {
		LIST_REMOVE(source, by_key);
		LIST_INSERT_HEAD(&store->free_sources, source, by_key);
	}
	LIST_INSERT_HEAD(&store->free_datagrams, datagram, by_key);
	store->n_datagrams--;
	store->n_fragments -= datagram->n;
	store->n_segments -= datagram->n_segments;
	return datagram->first;
}

struct datagram *
frag_store_oldest(const struct frag_store *store)
{
	struct datagram *a = TAILQ_FIRST(&store->ipv4);
	struct datagram *b = TAILQ_FIRST(&store->ipv6);

	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return ticks_until(b->deadline, a->deadline) < 0 ? b : a;
}

void
frag_store_postpone(struct datagram_queue *queue, uint32_t old_sec, uint32_t new_sec)
{
	struct datagram *datagram;

	if (old_sec == new_sec)
		return;
	TAILQ_FOREACH(datagram, queue, by_age)
	datagram->deadline += ticks_from_sec(new_sec) - ticks_from_sec(old_sec);
}
