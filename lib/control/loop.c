// SPDX-License-Identifier: BSD-3-Clause
//
// How the loop of the workers spends its time, over all of them: cycles of each part, if they are
// measured, and how many turns took how long.
#include <rte_common.h>

#include "control/commands.h"
#include "control/listing.h"

static unsigned int
count_parts(const struct appliance *appliance)
{
	struct cycles_part parts[CYCLES_MAX];

	return appliance_config(appliance)->measure_cycles ? cycles_parts(parts) : 0;
}

static void
fill_part(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	struct cycles_part parts[CYCLES_MAX];
	uint64_t spent = 0, packets = 0;

	cycles_parts(parts);
	for (unsigned int i = 0; i < engine_n_workers(appliance->engine); i++) {
		const struct cycles *cycles =
			pipeline_cycles(engine_pipeline(appliance->engine, i));

		spent += cycles->spent[parts[index].counter];
		packets += cycles->packets;
	}
	answer_string(row, "part", parts[index].name);
	answer_number(row, "cycles", spent);
	answer_number(row, "packets", packets);
	answer_number(row, "cycles_per_packet", packets == 0 ? 0 : (spent + packets / 2) / packets);
}

void
command_cycles(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"parts", count_parts, fill_part};

	answer_listing(appliance, cursor, answer, &listing);
}

struct turns {
	uint64_t busy;
	uint64_t reaping;
	uint64_t requests;
};

// Turns of all workers that took less than 2^bits ns, and no less than half of that.
static struct turns
sum_turns(const struct appliance *appliance, unsigned int bits)
{
	struct turns sum = {0};

	for (unsigned int i = 0; i < engine_n_workers(appliance->engine); i++) {
		const struct worker_stats *stats = engine_worker_stats(appliance->engine, i);

		sum.busy += stats->busy_time[bits];
		sum.reaping += stats->reap_time[bits];
		sum.requests += stats->request_time[bits];
	}
	return sum;
}

// Up to the longest that there was.
static unsigned int
count_times(const struct appliance *appliance)
{
	unsigned int n = WORKER_TIMES;

	for (; n > 0; n--) {
		struct turns turns = sum_turns(appliance, n - 1);

		if (turns.busy + turns.reaping + turns.requests > 0)
			break;
	}
	return n;
}

static void
fill_time(const struct appliance *appliance, unsigned int bits, struct answer *row)
{
	struct turns turns = sum_turns(appliance, bits);

	answer_number(row, "below_ns", UINT64_C(1) << bits);
	answer_number(row, "busy", turns.busy);
	answer_number(row, "reaping", turns.reaping);
	answer_number(row, "requests", turns.requests);
}

void
command_turns(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"turns", count_times, fill_time};

	answer_listing(appliance, cursor, answer, &listing);
}
