// SPDX-License-Identifier: BSD-3-Clause
//
// The connections of all workers, a page at a time, read while their owners continue. A page ends
// when it is full or when enough slots have been looked at, so an empty page need not be the last.
#include "control/commands.h"

#include "control/cursor.h"
#include "control/entry.h"
#include "control/walk.h"
#include "engine/sums.h"

#define SLOTS_PER_PAGE 65536 // looked at in a few milliseconds

static void
answer_connections(const struct appliance *appliance, uint64_t cursor, struct answer *answer,
		   enum ct_life life)
{
	tick_t now = tick_from_ns(appliance_now_ns(appliance));
	struct walk walk = {appliance->engine, life, cursor_to_slot(cursor)};
	unsigned int budget = SLOTS_PER_PAGE;
	struct ct_entry entry;
	struct answer rows;
	unsigned int n_rows = 0;

	if (walk_is_over(&walk)) {
		answer_string(answer, "error", "the cursor is beyond the list");
		return;
	}
	rows = answer_object(answer, "entries");
	while (answer_has_room(&rows, ENTRY_BYTES_MAX) && walk_next(&walk, now, &budget, &entry)) {
		struct answer row = answer_row(&rows, n_rows++);

		entry_fill(&entry, &row);
	}
	answer_number(answer, "cursor", walk_is_over(&walk) ? 0 : cursor_from_slot(walk.at));
}

void
command_ct_list(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	answer_connections(appliance, cursor, answer, CT_CONFIRMED);
}

// These exist only while their burst is judged, so usually there are none.
void
command_ct_unconfirmed(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	answer_number(answer, "count", engine_ct_count(appliance->engine).unconfirmed);
	answer_connections(appliance, cursor, answer, CT_UNCONFIRMED);
}

void
command_ct_dying(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	answer_number(answer, "count", engine_ct_count(appliance->engine).dying);
	answer_connections(appliance, cursor, answer, CT_DYING);
}
