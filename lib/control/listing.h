// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of numbered rows, answered a page at a time: a cursor is the number of the next row.
// Private to control.
#pragma once

#include <stdint.h>

#include "control/answer.h"
#include "engine/appliance.h"

struct listing {
	const char *name; // of the member that has the rows
	unsigned int (*count)(const struct appliance *appliance);
	void (*fill)(const struct appliance *appliance, unsigned int index, struct answer *row);
};

// Fills the answer with as many rows from the cursor on as there is room for, and the next cursor,
// 0 at the end.
void answer_listing(const struct appliance *appliance, uint64_t cursor, struct answer *answer,
		    const struct listing *listing);
