// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/cycles.h"

#include <string.h>

#include "pipeline/stages.h"

_Static_assert(CYCLES_MAX >= CYCLES_STAGES + 3 * STAGE_ROWS, "all works of a row have a counter");

struct parts {
	struct cycles_part *list;
	unsigned int n;
	uint8_t next; // counter
};

static void
add(struct parts *parts, const char *name, uint8_t counter)
{
	parts->list[parts->n++] = (struct cycles_part){name, counter};
}

// Stages in a row may share a counter.
static void
add_work(struct parts *parts, const struct stage_work *work)
{
	if (work->run == NULL || strcmp(parts->list[parts->n - 1].name, work->cycles) == 0)
		return;
	add(parts, work->cycles, parts->next++);
}

unsigned int
cycles_parts(struct cycles_part list[CYCLES_MAX])
{
	struct parts parts = {.list = list, .next = CYCLES_STAGES};

	add(&parts, "receive", CYCLES_RECEIVE);
	for (unsigned int i = 0; i < STAGE_ROWS; i++) {
		add_work(&parts, &stage_rows[i].work);
		add_work(&parts, &stage_rows[i].chains);
		add_work(&parts, &stage_rows[i].end_pass);
	}
	add(&parts, "send", CYCLES_SEND);
	add(&parts, "reap", CYCLES_REAP);
	return parts.n;
}

uint8_t
cycles_counter(const char *name)
{
	struct cycles_part parts[CYCLES_MAX];
	unsigned int i = 0;

	cycles_parts(parts);
	while (strcmp(parts[i].name, name) != 0)
		i++;
	return parts[i].counter;
}
