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

enum cycles_part {
	CYCLES_RECEIVE,
	CYCLES_PARSE,     // and steering
	CYCLES_STATELESS, // chains before conntrack, and defragmentation
	CYCLES_CONNTRACK,
	CYCLES_RULES,   // the chains between conntrack and confirm
	CYCLES_CONFIRM, // and chains behind it
	CYCLES_COUNT,   // statistics
	CYCLES_SEND,
	CYCLES_REAP, // expired connections and fragments
	CYCLES_PARTS,
};

struct cycles {
	uint64_t (*read)(void); // the counter of the CPU; NULL: nothing is counted
	uint64_t since;
	uint64_t packets;
	uint64_t spent[CYCLES_PARTS];
};

// What comes now belongs to the next part that ends.
static inline void
cycles_begin(struct cycles *cycles)
{
	if (unlikely(cycles->read != NULL))
		cycles->since = cycles->read();
}

// All since the last begin or end belongs to this part.
static inline void
cycles_end(struct cycles *cycles, enum cycles_part part)
{
	uint64_t now;

	if (likely(cycles->read == NULL))
		return;
	now = cycles->read();
	cycles->spent[part] += now - cycles->since;
	cycles->since = now;
}

const char *cycles_part_name(enum cycles_part part); // "receive", "parse", ...
