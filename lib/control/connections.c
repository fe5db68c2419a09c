// SPDX-License-Identifier: BSD-3-Clause
//
// The connections of all workers, a page at a time, read from outside while their owners go on.
// A page ends when it is full, or when enough slots have been looked at: it may be empty and yet
// not be the last.
#include "control/commands.h"

#include "control/cursor.h"
#include "control/entry.h"

#define SLOTS_PER_PAGE 65536 // looked at in a few milliseconds

// False only when a shard has no such connection at the moment; what is confirmed is not counted
// at a moment.
static bool
may_have(const struct ct *ct, enum ct_life life)
{
	struct ct_count count = ct_count(ct);

	if (life == CT_UNCONFIRMED)
		return count.unconfirmed > 0;
	if (life == CT_DYING)
		return count.dying > 0;
	return true;
}

// The first slot from here on that may hold such a connection; worker n_workers: there is none.
static struct slot_cursor
skip_to_slot(const struct runtime *runtime, struct slot_cursor at, enum ct_life life)
{
	for (; at.worker < runtime_n_workers(runtime); at.worker++, at.slot = 0) {
		const struct ct *ct = pipeline_ct(runtime_pipeline(runtime, at.worker));

		if (at.slot < ct_n_slots(ct) && may_have(ct, life))
			break;
	}
	return at;
}

static void
answer_connections(const struct runtime *runtime, uint64_t cursor, struct answer *answer,
		   enum ct_life life)
{
	tick_t now = tick_from_ns(runtime_now_ns(runtime));
	unsigned int n_workers = runtime_n_workers(runtime);
	struct slot_cursor at = cursor_to_slot(cursor);
	struct answer rows;
	unsigned int n_rows = 0;

	if (at.worker >= n_workers) {
		answer_string(answer, "error", "the cursor is beyond the list");
		return;
	}
	rows = answer_object(answer, "entries");
	at = skip_to_slot(runtime, at, life);
	for (unsigned int i = 0; i < SLOTS_PER_PAGE && at.worker < n_workers; i++) {
		const struct ct *ct = pipeline_ct(runtime_pipeline(runtime, at.worker));
		struct ct_entry entry;

		if (!answer_has_room(&rows, ENTRY_BYTES_MAX))
			break;
		if (ct_read(ct, at.slot, life, now, &entry)) {
			struct answer row = answer_row(&rows, n_rows++);

			entry_fill(&entry, &row);
		}
		at.slot++;
		at = skip_to_slot(runtime, at, life);
	}
	answer_number(answer, "cursor", at.worker < n_workers ? cursor_from_slot(at) : 0);
}

void
command_ct_list(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	answer_connections(runtime, cursor, answer, CT_CONFIRMED);
}

// These exist only while their burst is judged: mostly there is nothing to see.
void
command_ct_unconfirmed(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	answer_number(answer, "count", command_count(runtime).unconfirmed);
	answer_connections(runtime, cursor, answer, CT_UNCONFIRMED);
}

void
command_ct_dying(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	answer_number(answer, "count", command_count(runtime).dying);
	answer_connections(runtime, cursor, answer, CT_DYING);
}
