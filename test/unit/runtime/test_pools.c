// SPDX-License-Identifier: BSD-3-Clause
//
// Which workers share a pool, and how large it is. A machine with one node has no other to take
// memory from; SOCKET_ID_ANY stands for the second here.
#include "runtime/pools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "base/bytes.h"

// The smallest pool takes more than the EAL of other tests has.
static int
start_eal(void **state)
{
	char *argv[] = {
		(char *)"test",
		(char *)"--no-huge",
		(char *)"--no-pci",
		(char *)"--no-shconf",
		(char *)"--no-telemetry",
		(char *)"--log-level=error",
		(char *)"-m",
		(char *)"128",
	};

	(void)state;
	return rte_eal_init((int)RTE_DIM(argv), argv) < 0 ? -1 : 0;
}

static int
stop_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

static struct config
config_of(unsigned int n_workers)
{
	return (struct config){
		.file = (char *)"test.conf",
		.n_ports = 1,
		.workers = n_workers,
		.fragments.max_fragments = 64,
	};
}

static void
workers_of_a_node_share_a_pool(void **state)
{
	const struct config config = config_of(3);
	const int nodes[] = {0, 0, 0};
	const uint64_t before = bytes_taken();
	struct errors errors;
	struct pools pools;

	(void)state;
	errors_init(&errors);
	assert_int_equal(pools_open(&pools, &config, nodes, &errors), 0);
	assert_non_null(pools.of_worker[0]);
	assert_ptr_equal(pools.of_worker[1], pools.of_worker[0]);
	assert_ptr_equal(pools.of_worker[2], pools.of_worker[0]);
	assert_null(pools.of_worker[3]);
	// The memory taken from EAL is at most what was announced, and not much less.
	assert_true(pools_bytes_for(&config) >= bytes_taken() - before);
	assert_true(pools_bytes_for(&config) <= (bytes_taken() - before) / 10 * 11);
	// Two queues of 1024 for each worker, and the fragments each may hold.
	assert_true(pools.of_worker[0]->size >= 8192 + 3 * 2 * 1024 + 3 * 64);
	pools_close(&pools);
	assert_null(rte_mempool_lookup("packets0"));
	errors_fini(&errors);
}

static void
each_node_has_its_own(void **state)
{
	const struct config config = config_of(3);
	const int nodes[] = {0, SOCKET_ID_ANY, 0};
	struct errors errors;
	struct pools pools;

	(void)state;
	errors_init(&errors);
	assert_int_equal(pools_open(&pools, &config, nodes, &errors), 0);
	assert_ptr_equal(pools.of_worker[0], rte_mempool_lookup("packets0"));
	assert_ptr_equal(pools.of_worker[1], rte_mempool_lookup("packets-1"));
	assert_ptr_equal(pools.of_worker[2], pools.of_worker[0]);
	// All three may send what one has received, or hold fragments of it.
	assert_true(pools.of_worker[0]->size >= 8192 + (2 + 3) * 1024 + 3 * 64);
	assert_true(pools.of_worker[1]->size >= 8192 + (1 + 3) * 1024 + 3 * 64);
	pools_close(&pools);
	assert_null(rte_mempool_lookup("packets0"));
	assert_null(rte_mempool_lookup("packets-1"));
	errors_fini(&errors);
}

static void
memory_that_is_short_is_told(void **state)
{
	struct config config = config_of(2);
	const int nodes[] = {0, SOCKET_ID_ANY};
	struct errors errors;
	struct pools pools;

	(void)state;
	config.fragments.max_fragments = 1 << 20;
	errors_init(&errors);
	assert_int_equal(pools_open(&pools, &config, nodes, &errors), -1);
	assert_int_equal(errors.count, 1);
	assert_null(rte_mempool_lookup("packets0"));
	errors_fini(&errors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_of_a_node_share_a_pool),
		cmocka_unit_test(each_node_has_its_own),
		cmocka_unit_test(memory_that_is_short_is_told),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
