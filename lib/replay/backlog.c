// SPDX-License-Identifier: BSD-3-Clause
#include "replay/backlog.h"

#include <stdlib.h>

#include "base/contract.h"
#include "base/memory.h"

#define CAPACITY_AT_FIRST 256

void *
backlog_allocate(size_t size)
{
	return memory_or_abort(malloc(size), "verdicts wait for a fragment");
}

void
backlog_init(struct backlog *backlog)
{
	*backlog = (struct backlog){
		.entries = backlog_allocate(CAPACITY_AT_FIRST * sizeof(*backlog->entries)),
		.capacity = CAPACITY_AT_FIRST,
		.first = 1,
		.next = 1,
	};
}

void
backlog_fini(struct backlog *backlog)
{
	while (backlog_first(backlog) != NULL)
		backlog_pop(backlog);
	free(backlog->entries);
	*backlog = (struct backlog){0};
}

// The place of a packet's entry.
static struct backlog_entry *
place(struct backlog *backlog, uint64_t number)
{
	return &backlog->entries[number & (backlog->capacity - 1)];
}

struct backlog_entry *
backlog_find(struct backlog *backlog, uint64_t number)
{
	CONTRACT(number >= backlog->first && number < backlog->next);
	return place(backlog, number);
}

// Doubles the capacity, and moves every entry to its place in the larger ring.
static void
grow(struct backlog *backlog)
{
	struct backlog larger = *backlog;

	larger.capacity *= 2;
	larger.entries = backlog_allocate(larger.capacity * sizeof(*larger.entries));
	for (uint64_t number = backlog->first; number != backlog->next; number++)
		*place(&larger, number) = *place(backlog, number);
	free(backlog->entries);
	*backlog = larger;
}

void
backlog_push(struct backlog *backlog, uint64_t time_ns, uint32_t len, uint32_t wire_len)
{
	if (backlog->next - backlog->first == backlog->capacity)
		grow(backlog);
	*place(backlog, backlog->next++) =
		(struct backlog_entry){.time_ns = time_ns, .len = len, .wire_len = wire_len};
}

struct backlog_entry *
backlog_first(struct backlog *backlog)
{
	return backlog->first == backlog->next ? NULL : backlog_find(backlog, backlog->first);
}

void
backlog_pop(struct backlog *backlog)
{
	struct backlog_entry *entry = backlog_find(backlog, backlog->first);

	free(entry->line);
	free(entry->frame);
	backlog->first++;
}
