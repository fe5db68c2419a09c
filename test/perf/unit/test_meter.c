// SPDX-License-Identifier: BSD-3-Clause
//
// Each time has one bucket, buckets lie in order without a gap, and none is wider than a 32nd of
// its times.
#include "perf/source/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void
buckets_follow_each_other(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < METER_BUCKETS - 1; i++) {
		uint64_t longest = meter_longest(i);

		assert_int_equal(meter_bucket(longest), i);
		assert_int_equal(meter_bucket(longest + 1), i + 1);
	}
	assert_int_equal(meter_bucket(0), 0);
	assert_int_equal(meter_bucket(UINT64_MAX), METER_BUCKETS - 1);
	assert_true(meter_longest(METER_BUCKETS - 1) == UINT64_MAX);
}

static void
a_bucket_tells_times_to_three_percent(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < METER_BUCKETS; i++) {
		uint64_t shortest = meter_longest(i - 1) + 1;

		assert_true((meter_longest(i) - shortest) <= shortest / 32);
	}
}

// The file of a program in which a packet took 100 cycles, and two took 5000, at 2 GHz.
static void
the_file_has_what_was_counted(void **state)
{
	char path[] = "/tmp/test_meter.XXXXXX";
	int fd = mkstemp(path);
	struct meter *meter = meter_create(path, UINT64_C(2000000000));
	struct meter *read_back = malloc(sizeof(*read_back));

	(void)state;
	assert_true(fd >= 0);
	assert_non_null(meter);
	assert_non_null(read_back);
	meter_count(meter, 100);
	meter_count(meter, 5000);
	meter_count(meter, 5000);
	assert_int_equal(read(fd, read_back, sizeof(*read_back)), sizeof(*read_back));
	assert_int_equal(read_back->n_buckets, METER_BUCKETS);
	assert_int_equal(read_back->rate, 0);
	assert_int_equal(read_back->counts[meter_bucket(100)], 1);
	assert_int_equal(read_back->counts[meter_bucket(5000)], 2);
	assert_in_range(read_back->longest_ns[meter_bucket(100)], 50, 52);
	assert_in_range(read_back->longest_ns[meter_bucket(5000)], 2500, 2580);
	free(read_back);
	close(fd);
	unlink(path);
}

static void
a_file_that_cannot_be_made_is_told(void **state)
{
	(void)state;
	assert_null(meter_create("/nowhere/meter", UINT64_C(1000000000)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other),
		cmocka_unit_test(a_bucket_tells_times_to_three_percent),
		cmocka_unit_test(the_file_has_what_was_counted),
		cmocka_unit_test(a_file_that_cannot_be_made_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
