// SPDX-License-Identifier: BSD-3-Clause
//
// Where the time of a worker goes: cycles of each part of its loop, counted where a configuration
// asks for it. Where none does, a part costs one look at a pointer per burst.
//
// Life cycle: one per pipeline. Its worker writes, anybody reads.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

// Counters of the loop around the pipeline; those that its stages name stand behind them.
enum {
	CYCLES_RECEIVE,
	CYCLES_SEND,
	CYCLES_REAP, // expired connections and fragments
	CYCLES_STAGES,
	CYCLES_MAX = 24,
};

struct cycles {
	uint64_t (*read)(void); // the counter of the CPU; NULL: nothing is counted
	uint64_t since;
	uint64_t packets;
	uint64_t spent[CYCLES_MAX]; // by counter
};

// What comes now belongs to the next part that ends.
static inline void
cycles_begin(struct cycles *cycles)
{
	if (unlikely(cycles->read != NULL))
		cycles->since = cycles->read();
}

// All since the last begin or end belongs to this counter.
static inline void
cycles_end(struct cycles *cycles, uint8_t counter)
{
	uint64_t now;

	if (likely(cycles->read == NULL))
		return;
	now = cycles->read();
	cycles->spent[counter] += now - cycles->since;
	cycles->since = now;
}

// A part of the loop, and the counter that has its cycles.
struct cycles_part {
	const char *name; // "receive", "parse", ...
	uint8_t counter;
};

// Writes the parts in the order in which the loop goes through them and returns how many.
unsigned int cycles_parts(struct cycles_part parts[CYCLES_MAX]);

// The counter of the part with this name.
// => There is one.
uint8_t cycles_counter(const char *name);
