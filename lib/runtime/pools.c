// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/pools.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "runtime/af_packet.h"

#define CACHE 256
#define BASE  8192 // packets in bursts, hand-off rings and caches

// Any worker may send packets that the n workers of a node have received, and hold fragments of
// them.
static unsigned int
pool_size(const struct config *config, unsigned int n)
{
	unsigned int n_queues = config->n_ports * (n + config->workers);

	return BASE + n_queues * QUEUE_SIZE + config->workers * config->fragments.max_fragments;
}

// A packet may use several buffers, except for net_af_packet devices.
static uint16_t
buffer_bytes(const struct config *config)
{
	uint32_t bytes = RTE_MBUF_DEFAULT_BUF_SIZE;

	for (unsigned int i = 0; i < config->n_ports; i++) {
		struct af_packet look =
			af_packet_look(config->ports[i].device, config->ports[i].mtu);

		if (look.fault == NULL)
			bytes = RTE_MAX(bytes, af_packet_buffer_bytes(&look));
	}
	return (uint16_t)bytes;
}

uint64_t
pools_bytes_for(const struct config *config)
{
	return bytes_of_mbufs(pool_size(config, config->workers), CACHE, buffer_bytes(config));
}

static struct rte_mempool *
create(const struct config *config, int node, unsigned int n_workers)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "packets%d", node);
	return rte_pktmbuf_pool_create(name, pool_size(config, n_workers), CACHE, 0,
				       buffer_bytes(config), node);
}

int
pools_open(struct pools *pools, const struct config *config, const int nodes[],
	   struct errors *errors)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(config->workers <= WORKERS_MAX);
	*pools = (struct pools){0};
	for (unsigned int i = 0; i < config->workers; i++) {
		struct rte_mempool *pool;
		unsigned int n = 0;

		if (pools->of_worker[i] != NULL)
			continue; // shared with an earlier worker
		for (unsigned int j = i; j < config->workers; j++)
			n += nodes[j] == nodes[i];
		pool = create(config, nodes[i], n);
		if (pool == NULL) {
			errors_add(errors, config->file, 0,
				   "no memory for packets on NUMA node %d: %s", nodes[i],
				   rte_strerror(rte_errno));
			(void)pools_close(pools);
			return -1;
		}
		for (unsigned int j = i; j < config->workers; j++) {
			if (nodes[j] == nodes[i])
				pools->of_worker[j] = pool;
		}
	}
	return 0;
}

unsigned int
pools_close(struct pools *pools)
{
	unsigned int n_held = 0;

	for (unsigned int i = 0; i < WORKERS_MAX; i++) {
		struct rte_mempool *pool = pools->of_worker[i];

		for (unsigned int j = i; j < WORKERS_MAX && pool != NULL; j++) {
			if (pools->of_worker[j] == pool)
				pools->of_worker[j] = NULL;
		}
		if (pool != NULL)
			n_held += rte_mempool_in_use_count(pool);
		rte_mempool_free(pool);
	}
	return n_held;
}
