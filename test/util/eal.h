// SPDX-License-Identifier: BSD-3-Clause
//
// The DPDK environment for tests, as an ordinary user and without hugepages.
//
// Life cycle: test_eal_start is the group setup of a cmocka program, test_eal_stop its teardown.
#pragma once

struct rte_mempool;

// Starts EAL and fills test_eal_pool. => Once per process. A setup function of cmocka.
int test_eal_start(void **state);

// Frees everything, and fails if an mbuf was never freed. => A teardown of cmocka.
int test_eal_stop(void **state);

// Mbufs of the default size. test/util/mbuf.h attaches data of exact size to them instead.
struct rte_mempool *test_eal_pool(void);
