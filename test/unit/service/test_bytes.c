// SPDX-License-Identifier: BSD-3-Clause
//
// What the service says that it reserves is what it does, and not much more.
#include "service/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "util/eal.h"

static void
hear(void *context, const struct ct_event events[], unsigned int n)
{
	(void)context;
	(void)events;
	(void)n;
}

static void
check(unsigned int n_shards, service_listener listener)
{
	const struct service_config config = {
		.n_shards = n_shards,
		.listener = listener,
		.event_ring = 4096,
	};
	uint64_t before = bytes_taken();
	struct service *service = service_create(&config);
	uint64_t taken = bytes_taken() - before;

	assert_non_null(service);
	assert_true(service_bytes_for(&config) >= taken);
	assert_true(service_bytes_for(&config) <= taken + taken / 10);
	service_destroy(service);
	assert_int_equal(bytes_taken(), before);
}

static void
with_and_without_listener(void **state)
{
	(void)state;
	check(1, NULL);
	check(20, NULL);
	check(1, hear);
	check(20, hear);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_and_without_listener),
	};

	return cmocka_run_group_tests_name("service_bytes", tests, test_eal_start, test_eal_stop);
}
