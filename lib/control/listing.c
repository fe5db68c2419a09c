// SPDX-License-Identifier: BSD-3-Clause
#include "control/listing.h"

// The longest row is a port: three texts of 127 characters, each of which may need a backslash,
// and a dozen numbers of 19 digits.
#define ROW_BYTES_MAX 1536

void
answer_listing(const struct appliance *appliance, uint64_t cursor, struct answer *answer,
	       const struct listing *listing)
{
	unsigned int n = listing->count(appliance);
	struct answer rows;

	if (cursor > 0 && cursor >= n) {
		answer_string(answer, "error", "the cursor is beyond the list");
		return;
	}
	rows = answer_object(answer, listing->name);
	for (; cursor < n && answer_has_room(&rows, ROW_BYTES_MAX); cursor++) {
		struct answer row = answer_row(&rows, cursor);

		listing->fill(appliance, (unsigned int)cursor, &row);
	}
	answer_number(answer, "cursor", cursor < n ? cursor : 0);
}
