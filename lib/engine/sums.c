// SPDX-License-Identifier: BSD-3-Clause
#include "engine/sums.h"

#include "base/contract.h"
#include "conntrack/metrics.h"
#include "engine/metrics.h"
#include "pipeline/metrics.h"
#include "rules/metrics.h"

struct pipeline_stats
engine_pipeline_stats(const struct engine *engine)
{
	struct pipeline_stats sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		metrics_add(&pipeline_metrics, &sum, pipeline_stats(engine_pipeline(engine, i)));
	return sum;
}

struct cycles
engine_cycles(const struct engine *engine)
{
	struct cycles sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		metrics_add(&cycles_metrics, &sum, pipeline_cycles(engine_pipeline(engine, i)));
	return sum;
}

struct worker_stats
engine_turns(const struct engine *engine)
{
	struct worker_stats sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++)
		metrics_add(&worker_metrics, &sum, engine_worker_stats(engine, i));
	return sum;
}

struct ct_stats
engine_ct_stats(const struct engine *engine)
{
	struct ct_stats sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		struct ct_stats stats;

		ct_stats_read(engine_shard(engine, i), &stats);
		metrics_add(&ct_metrics, &sum, &stats);
	}
	return sum;
}

struct ct_count
engine_ct_count(const struct engine *engine)
{
	struct ct_count sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		struct ct_count count = ct_count(engine_shard(engine, i));

		metrics_add(&ct_count_metrics, &sum, &count);
	}
	return sum;
}

struct rule_counter
engine_rule_counter(const struct engine *engine, unsigned int index)
{
	struct rule_counter sum = {0};

	CONTRACT(index < ruleset_n_counters(engine_snapshot(engine)->ruleset));
	for (unsigned int i = 0; i < engine_n_workers(engine); i++) {
		const struct rule_counter *counters =
			pipeline_rule_counters(engine_pipeline(engine, i));

		metrics_add(&rule_metrics, &sum, &counters[index]);
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
