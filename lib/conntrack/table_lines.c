// SPDX-License-Identifier: BSD-3-Clause
//
// A hash table of cache lines. A line is a bucket: ten entries, and of each a tag of 16 bits of its
// hash. A lookup reads one line, compares all tags at once, and reads the key of the connection
// behind the one that fits, so it costs two misses of the cache, which a burst overlaps: the first
// line of every connection is on its way when the first key is compared.
//
// Both tuples of a connection have the same key, so it is here once: with the side that the upright
// tuple is. The turned one is the other side.
//
// A bucket that is full lets newcomers go on to the next one and counts them, as Facebook's F14
// does; a lookup goes on only where that count is not zero. The count is taken back on removal, so
// that nothing has to be cleaned up, ever. With six connections to a bucket when the table is full,
// one in twenty buckets sends somebody on. The hash is keyed, so nobody can choose where.
#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#ifdef RTE_ARCH_X86
#include <smmintrin.h>
#endif

#include "base/bytes.h"
#include "conntrack/table_ops.h"

#define BUCKET_SLOTS 10
#define BUCKET_LOAD  6 // connections to a bucket when all are there
#define BUCKETS_MIN  16
#define PROBES_MAX   16 // buckets that are looked at for a free place

// A tag of 0 is a free place.
struct bucket {
	uint16_t tags[BUCKET_SLOTS];
	uint16_t n_beyond; // connections that found this bucket full and are in a later one
	uint16_t zero;
	uint32_t entries[BUCKET_SLOTS];
} __rte_aligned(RTE_CACHE_LINE_SIZE);

_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct lines {
	struct ct_table table;
	uint32_t n_buckets;
	struct bucket *buckets;
	struct ct_keys keys;
};

_Static_assert(offsetof(struct lines, table) == 0, "a table begins with struct ct_table");

static inline struct lines *
lines_of(struct ct_table *table)
{
	return (struct lines *)table;
}

static inline const struct lines *
lines_read(const struct ct_table *table)
{
	return (const struct lines *)table;
}

static uint32_t
n_buckets_for(uint32_t n_conns)
{
	return RTE_MAX(n_conns / BUCKET_LOAD + 1, (uint32_t)BUCKETS_MIN);
}

static uint64_t
lines_bytes_for(uint32_t n_conns)
{
	return bytes_of_object(sizeof(struct lines)) +
	       bytes_of_object((uint64_t)n_buckets_for(n_conns) * sizeof(struct bucket));
}

static void
lines_destroy(struct ct_table *table)
{
	rte_free(lines_of(table)->buckets);
	rte_free(table);
}

static struct ct_table *
lines_create(const struct ct_keys *keys, uint32_t n_conns, int socket)
{
	struct lines *lines = rte_zmalloc_socket("ct_table", sizeof(*lines), 0, socket);

	if (lines == NULL)
		return NULL;
	lines->table.ops = &ct_table_lines_ops;
	lines->keys = *keys;
	lines->n_buckets = n_buckets_for(n_conns);
	lines->buckets =
		rte_zmalloc_socket("ct_buckets", (size_t)lines->n_buckets * sizeof(struct bucket),
				   RTE_CACHE_LINE_SIZE, socket);
	if (lines->buckets == NULL) {
		lines_destroy(&lines->table);
		return NULL;
	}
	return &lines->table;
}

static inline uint32_t
bucket_of(const struct lines *lines, uint32_t hash)
{
	return (uint32_t)((uint64_t)hash * lines->n_buckets >> 32);
}

static inline uint32_t
bucket_behind(const struct lines *lines, uint32_t index)
{
	return index + 1 == lines->n_buckets ? 0 : index + 1;
}

// The bits of the hash that chose the bucket the least, one of them set so that no tag is 0.
static inline uint16_t
tag_of(uint32_t hash)
{
	return (uint16_t)(hash | 1);
}

// The places of a bucket that have this tag, a bit each.
static inline uint32_t
places_with(const struct bucket *bucket, uint16_t tag)
{
#ifdef RTE_ARCH_X86
	// the first eight and, overlapping, the last eight
	const __m128i wanted = _mm_set1_epi16((int16_t)tag);
	const __m128i first = _mm_load_si128((const __m128i *)bucket->tags);
	const __m128i last = _mm_loadu_si128((const __m128i *)(bucket->tags + BUCKET_SLOTS - 8));
	const __m128i equal =
		_mm_packs_epi16(_mm_cmpeq_epi16(first, wanted), _mm_cmpeq_epi16(last, wanted));
	uint32_t bits = (uint32_t)_mm_movemask_epi8(equal);

	return (bits & 0xff) | (bits >> 8) << (BUCKET_SLOTS - 8);
#else
	uint32_t bits = 0;

	for (int i = 0; i < BUCKET_SLOTS; i++)
		bits |= (uint32_t)(bucket->tags[i] == tag) << i;
	return bits;
#endif
}

// Those of the first eight places. Newcomers take the first that is free, so there most are.
static inline uint32_t
first_places_with(const struct bucket *bucket, uint16_t tag)
{
#ifdef RTE_ARCH_X86
	const __m128i wanted = _mm_set1_epi16((int16_t)tag);
	const __m128i equal =
		_mm_cmpeq_epi16(_mm_load_si128((const __m128i *)bucket->tags), wanted);

	return (uint32_t)_mm_movemask_epi8(equal); // two bits each
#else
	(void)bucket;
	(void)tag;
	return 0;
#endif
}

static inline bool
equal_words(const uint64_t a[KEY_WORDS], const uint64_t b[KEY_WORDS])
{
#ifdef __SSE4_1__
	const __m128i difference = _mm_xor_si128(_mm_loadu_si128((const __m128i *)a),
						 _mm_loadu_si128((const __m128i *)b));

	return _mm_testz_si128(difference, difference) != 0;
#else
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
#endif
}

// words: the key of the connection in this slot.
static inline bool
is_key(const struct lines *lines, const uint64_t words[KEY_WORDS], uint32_t slot,
       const struct flow_key *key)
{
	return equal_words(words, key->word) &&
	       (key_family(key->word) == FAMILY_IPV4 ||
		key_equal_ends(key_ends(&lines->keys, slot), key->ends));
}

static inline bool
has_key(const struct lines *lines, uint32_t slot, const struct flow_key *key)
{
	return is_key(lines, key_words(&lines->keys, slot), slot, key);
}

// The entry of the upright tuple of a key, or CT_TABLE_MISS.
static uint32_t
look_up(const struct lines *lines, const struct flow_key *key, uint32_t hash)
{
	uint32_t index = bucket_of(lines, hash);

	for (int probe = 0; probe < PROBES_MAX; probe++) {
		const struct bucket *bucket = &lines->buckets[index];

		for (uint32_t bits = places_with(bucket, tag_of(hash)); bits != 0;
		     bits &= bits - 1) {
			uint32_t entry = bucket->entries[__builtin_ctz(bits)];

			if (has_key(lines, entry_slot(entry), key))
				return entry;
		}
		if (bucket->n_beyond == 0)
			break;
		index = bucket_behind(lines, index);
	}
	return CT_TABLE_MISS;
}

static uint32_t
lines_lookup(const struct ct_table *table, const struct ct_wanted *wanted)
{
	uint32_t upright = look_up(lines_read(table), wanted->key, wanted->hash);

	return upright == CT_TABLE_MISS ? CT_TABLE_MISS : upright ^ wanted->is_turned;
}

static inline const struct bucket *
prefetch_bucket(const struct lines *lines, uint32_t hash)
{
	const struct bucket *bucket = &lines->buckets[bucket_of(lines, hash)];

	rte_prefetch0(bucket);
	return bucket;
}

// No tag fits, and the connection may be in a later bucket.
#define LOOK_ON (CT_TABLE_MISS - 1)

// The words of no key.
static const uint64_t no_words[KEY_WORDS] = {UINT64_MAX, UINT64_MAX};

// The entry whose tag fits first, or what there is instead. *words: those of its connection, which
// are on their way.
static inline uint32_t
guess(const struct lines *lines, const struct bucket *bucket, const struct flow_key *key,
      uint32_t hash, const uint64_t **words)
{
	uint32_t bits = first_places_with(bucket, tag_of(hash));
	uint32_t place, entry;

	if (likely(bits != 0)) {
		place = (uint32_t)__builtin_ctz(bits) / 2;
	} else {
		bits = places_with(bucket, tag_of(hash));
		if (bits == 0) {
			*words = no_words;
			return bucket->n_beyond == 0 ? CT_TABLE_MISS : LOOK_ON;
		}
		place = (uint32_t)__builtin_ctz(bits);
	}
	entry = bucket->entries[place];
	*words = prefetch_conn(&lines->keys, entry_slot(entry), key_proto(key->word));
	return entry;
}

static void
lines_lookup_burst(const struct ct_table *table, const struct ct_wanted_burst *wanted,
		   uint32_t entries[])
{
	const struct lines *lines = lines_read(table);
	const struct flow_key *keys = wanted->keys;
	const uint32_t *hashes = wanted->hashes;
	const bool *are_turned = wanted->are_turned;
	const uint16_t n = wanted->n;
	const struct bucket *buckets[BURST_MAX];
	const uint64_t *words[BURST_MAX];

	for (uint16_t i = 0; i < n; i++)
		buckets[i] = prefetch_bucket(lines, hashes[i]);
	for (uint16_t i = 0; i < n; i++)
		entries[i] = guess(lines, buckets[i], &keys[i], hashes[i], &words[i]);
	for (uint16_t i = 0; i < n; i++) {
		if (unlikely(!is_key(lines, words[i], entry_slot(entries[i]), &keys[i]))) {
			if (entries[i] != CT_TABLE_MISS)
				entries[i] = look_up(lines, &keys[i], hashes[i]);
			if (entries[i] == CT_TABLE_MISS)
				continue;
		}
		entries[i] ^= are_turned[i];
	}
}

// The buckets from one up to another have sent one connection more, or less, on.
static void
count_beyond(struct lines *lines, uint32_t from, uint32_t to, int change)
{
	for (uint32_t i = from; i != to; i = bucket_behind(lines, i))
		lines->buckets[i].n_beyond = (uint16_t)(lines->buckets[i].n_beyond + change);
}

static bool
lines_add(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	struct lines *lines = lines_of(table);
	uint32_t home = bucket_of(lines, hash);
	uint32_t index = home;

	for (int probe = 0; probe < PROBES_MAX; probe++) {
		struct bucket *bucket = &lines->buckets[index];
		uint32_t vacant = places_with(bucket, 0);

		if (vacant != 0) {
			int place = __builtin_ctz(vacant);

			bucket->tags[place] = tag_of(hash);
			bucket->entries[place] = upright;
			count_beyond(lines, home, index, 1);
			return true;
		}
		index = bucket_behind(lines, index);
	}
	return false;
}

static void
lines_remove(struct ct_table *table, uint32_t hash, uint32_t upright)
{
	struct lines *lines = lines_of(table);
	uint32_t home = bucket_of(lines, hash);
	uint32_t index = home;

	for (int probe = 0; probe < PROBES_MAX; probe++) {
		struct bucket *bucket = &lines->buckets[index];

		for (uint32_t bits = places_with(bucket, tag_of(hash)); bits != 0;
		     bits &= bits - 1) {
			int place = __builtin_ctz(bits);

			if (bucket->entries[place] != upright)
				continue;
			bucket->tags[place] = 0;
			count_beyond(lines, home, index, -1);
			return;
		}
		if (bucket->n_beyond == 0)
			return;
		index = bucket_behind(lines, index);
	}
}

static void
lines_prefetch(const struct ct_table *table, uint32_t hash)
{
	prefetch_bucket(lines_read(table), hash);
}

static uint32_t
lines_count(const struct ct_table *table)
{
	const struct lines *lines = lines_read(table);
	uint32_t n = 0;

	for (uint32_t i = 0; i < lines->n_buckets; i++)
		n += BUCKET_SLOTS -
		     (uint32_t)__builtin_popcount(places_with(&lines->buckets[i], 0));
	return n;
}

const struct ct_table_ops ct_table_lines_ops = {
	.bytes_for = lines_bytes_for,
	.create = lines_create,
	.destroy = lines_destroy,
	.lookup_burst = lines_lookup_burst,
	.lookup = lines_lookup,
	.add = lines_add,
	.remove = lines_remove,
	.prefetch = lines_prefetch,
	.count = lines_count,
};
