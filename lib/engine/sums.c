// SPDX-License-Identifier: BSD-3-Clause
#include "engine/sums.h"

// Counters are structs of nothing but uint64_t, so that they add up as arrays.
_Static_assert(sizeof(struct pipeline_stats) % sizeof(uint64_t) == 0, "counters and nothing else");
_Static_assert(sizeof(struct ct_stats) % sizeof(uint64_t) == 0, "counters and nothing else");

static void
add(void *sum, const void *part, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		((uint64_t *)sum)[i] += ((const uint64_t *)part)[i];
}

struct pipeline_stats
engine_pipeline_stats(const struct engine *engine)
{
	struct pipeline_stats sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		add(&sum, pipeline_stats(engine_pipeline(engine, i)), sizeof(sum));
	return sum;
}

struct ct_stats
engine_ct_stats(const struct engine *engine)
{
	struct ct_stats sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		struct ct_stats stats;

		ct_stats_read(engine_shard(engine, i), &stats);
		add(&sum, &stats, sizeof(sum));
	}
	return sum;
}

struct ct_count
engine_ct_count(const struct engine *engine)
{
	struct ct_count sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		struct ct_count count = ct_count(engine_shard(engine, i));

		sum.confirmed += count.confirmed;
		sum.unconfirmed += count.unconfirmed;
		sum.dying += count.dying;
		sum.capacity += count.capacity;
	}
	return sum;
}

struct rule_counter
engine_rule_counter(const struct engine *engine, unsigned int index)
{
	struct rule_counter sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		const struct rule_counter *counters =
			pipeline_rule_counters(engine_pipeline(engine, i));

		sum.packets += counters[index].packets;
		sum.bytes += counters[index].bytes;
	}
	return sum;
}

size_t
engine_ct_bytes(const struct engine *engine)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		bytes += ct_bytes(engine_shard(engine, i));
	return bytes;
}

unsigned int
engine_n_lost(const struct engine *engine)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		n += ct_n_lost(engine_shard(engine, i));
	return n;
}
