// SPDX-License-Identifier: BSD-3-Clause
//
// What settings demand of whoever works with them is checked where contracts are
// (base/contract.h).
#include "settings/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rules/match_key.h"
#include "settings/memory.h"
#include "util/death.h"

static void
cover_without_its_keys(void *match)
{
	uint64_t steps = 1;

	cfg_match_covers(match, 0, match, &steps);
}

static void
grow_what_has_no_room(void *list)
{
	size_t capacity = 1;

	cfg_grow(list, 2, &capacity, 1);
}

static void
broken_ones_end_the_process(void **state)
{
	struct match match = {.families = 1};
	char list[1];

	(void)state;
	skip_without_contracts();
	assert_dies(cover_without_its_keys, &match, "cfg_match_covers: broken contract: keys ==");
	assert_dies(grow_what_has_no_room, list, "cfg_grow: broken contract: n <= *capacity");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
