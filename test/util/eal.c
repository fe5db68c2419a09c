// SPDX-License-Identifier: BSD-3-Clause
#include "util/eal.h"

#include <stdio.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#define POOL_SIZE 8191

static struct rte_mempool *pool;

int
test_eal_start(void **state)
{
	char *argv[] = {
		(char *)"test",
		(char *)"--no-huge",
		(char *)"--no-pci",
		(char *)"--no-shconf",
		(char *)"--no-telemetry",
		(char *)"--log-level=error",
		(char *)"-m",
		(char *)"96",
	};

	(void)state;
	if (rte_eal_init((int)RTE_DIM(argv), argv) < 0) {
		fprintf(stderr, "EAL does not start: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	pool = rte_pktmbuf_pool_create("test", POOL_SIZE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	return pool == NULL ? -1 : 0;
}

int
test_eal_stop(void **state)
{
	unsigned int n_lost = rte_mempool_in_use_count(pool);

	(void)state;
	if (n_lost > 0)
		fprintf(stderr, "%u mbufs were never freed\n", n_lost);
	rte_mempool_free(pool);
	rte_eal_cleanup();
	return n_lost > 0 ? -1 : 0;
}

struct rte_mempool *
test_eal_pool(void)
{
	return pool;
}
