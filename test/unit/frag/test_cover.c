// SPDX-License-Identifier: BSD-3-Clause
//
// Sets of blocks, against one flag per block.
#include "frag/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

// Boundaries of words and of the set, and their neighbours.
static const unsigned int borders[] = {0,   1,   2,   62,   63,   64,   65,   127,  128,  129,
				       191, 192, 193, 4095, 4096, 8127, 8128, 8190, 8191, 8192};

#define N_BORDERS (sizeof(borders) / sizeof(borders[0]))

static void
test_single_ranges_at_borders(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_BORDERS; i++) {
		for (size_t k = i; k < N_BORDERS; k++) {
			struct cover cover = {{0}};

			cover_add(&cover, borders[i], borders[k]);
			assert_int_equal(cover_count(&cover, 0, COVER_BLOCKS),
					 borders[k] - borders[i]);
			assert_int_equal(cover_count(&cover, borders[i], borders[k]),
					 borders[k] - borders[i]);
			assert_int_equal(cover_count(&cover, 0, borders[i]), 0);
			assert_int_equal(cover_count(&cover, borders[k], COVER_BLOCKS), 0);
		}
	}
}

static void
test_many_ranges(void **state)
{
	static bool flags[COVER_BLOCKS];
	struct cover cover = {{0}};
	unsigned int expected = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < 200; i++) {
		unsigned int first = (unsigned int)random() % COVER_BLOCKS;
		unsigned int last = first + (unsigned int)random() % 64;

		if (last > COVER_BLOCKS)
			last = COVER_BLOCKS;
		cover_add(&cover, first, last);
		for (unsigned int block = first; block < last; block++)
			flags[block] = true;
	}
	for (unsigned int end = 0; end <= COVER_BLOCKS; end++) {
		assert_int_equal(cover_count(&cover, 0, end), expected);
		expected += end < COVER_BLOCKS && flags[end];
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_ranges_at_borders),
		cmocka_unit_test(test_many_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
