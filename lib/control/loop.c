// SPDX-License-Identifier: BSD-3-Clause
//
// How the workers' loops spend their time, summed over all workers: cycles of each part, if they
// are measured, and a histogram of the duration of turns.
#include "control/commands.h"
#include "control/listing.h"
#include "engine/metrics.h"
#include "engine/sums.h"

static unsigned int
count_parts(const struct appliance *appliance)
{
	struct cycles_part parts[CYCLES_MAX];

	return appliance_config(appliance)->measure_cycles ? cycles_parts(parts) : 0;
}

static void
fill_part(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	const struct cycles sum = engine_cycles(appliance->engine);
	struct cycles_part parts[CYCLES_MAX];
	uint64_t spent;

	cycles_parts(parts);
	spent = sum.spent[parts[index].counter];
	answer_string(row, "part", parts[index].name);
	answer_number(row, "cycles", spent);
	answer_number(row, "packets", sum.packets);
	answer_number(row, "cycles_per_packet",
		      sum.packets == 0 ? 0 : (spent + sum.packets / 2) / sum.packets);
}

void
command_cycles(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"parts", count_parts, fill_part};

	answer_listing(appliance, cursor, answer, &listing);
}

// True if any turn took less than 2^bits ns, but at least half of that.
static bool
has_turns(const struct worker_stats *sum, unsigned int bits)
{
	for (unsigned int i = 0; i < worker_metrics.n; i++) {
		const struct metric *metric = &worker_metrics.rows[i];

		if (metric->kind == METRIC_HISTOGRAM && metric_value(metric, sum, bits) > 0)
			return true;
	}
	return false;
}

// As many rows as the longest turn needs.
static unsigned int
count_times(const struct appliance *appliance)
{
	const struct worker_stats sum = engine_turns(appliance->engine);
	unsigned int n = WORKER_TIMES;

	while (n > 0 && !has_turns(&sum, n - 1))
		n--;
	return n;
}

static void
fill_time(const struct appliance *appliance, unsigned int bits, struct answer *row)
{
	const struct worker_stats sum = engine_turns(appliance->engine);

	answer_number(row, "below_ns", UINT64_C(1) << bits);
	for (unsigned int i = 0; i < worker_metrics.n; i++) {
		const struct metric *metric = &worker_metrics.rows[i];

		if (metric->kind == METRIC_HISTOGRAM)
			answer_number(row, metric->key, metric_value(metric, &sum, bits));
	}
}

void
command_turns(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"turns", count_times, fill_time};

	answer_listing(appliance, cursor, answer, &listing);
}
