// SPDX-License-Identifier: BSD-3-Clause
//
// The DPDK environment for tests: as an ordinary user can have it, without hugepages.
//
// Life cycle: test_eal_start is the group setup of a cmocka program, test_eal_stop its teardown.
#pragma once

struct rte_mempool;

// EAL runs and test_eal_pool has packets. => Once per process. A setup function of cmocka.
int test_eal_start(void **state);

// Everything is given back to the system, and no mbuf was left behind. => A teardown of cmocka.
int test_eal_stop(void **state);

// Mbufs that have no data room of their own: test/util/mbuf.h attaches it.
struct rte_mempool *test_eal_pool(void);
