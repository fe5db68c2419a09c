// SPDX-License-Identifier: BSD-3-Clause
#include "base/bytes.h"

#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring_elem.h>

#include "base/contract.h"

#define OBJECT_EXTRA 256 // its header in the heap, and what aligning it to cache lines may cost
#define ENTRY_SIZE   32  // in the lists that DPDK keeps of its rings and pools
#define PAGE_BYTES   4096

uint64_t
bytes_of_object(uint64_t size)
{
	return RTE_ALIGN_CEIL(size, (uint64_t)RTE_CACHE_LINE_SIZE) + OBJECT_EXTRA;
}

uint64_t
bytes_of_ring(unsigned int element_size, unsigned int count)
{
	ssize_t size = rte_ring_get_memsize_elem(element_size, count);

	CONTRACT(rte_is_power_of_2(count));
	return size < 0 ? 0 : bytes_of_object((uint64_t)size) + bytes_of_object(ENTRY_SIZE);
}

// The elements, as rte_mempool_op_calc_mem_size_helper puts them into pages.
static uint64_t
bytes_of_elements(uint64_t n, unsigned int element_size)
{
	uint64_t size = rte_mempool_calc_obj_size(element_size, 0, NULL);

	if (size > PAGE_BYTES)
		return n * RTE_ALIGN_CEIL(size, (uint64_t)PAGE_BYTES);
	return (n / (PAGE_BYTES / size) + 1) * PAGE_BYTES;
}

uint64_t
bytes_of_pool(unsigned int n, unsigned int element_size, unsigned int cache_size)
{
	uint64_t caches =
		cache_size == 0 ? 0 : sizeof(struct rte_mempool_cache) * (uint64_t)RTE_MAX_LCORE;

	return bytes_of_object(ENTRY_SIZE) + bytes_of_object(sizeof(struct rte_mempool) + caches) +
	       bytes_of_ring(sizeof(void *), rte_align32pow2(n + 1)) +
	       bytes_of_object(bytes_of_elements(n, element_size) + PAGE_BYTES);
}

uint64_t
bytes_of_mbufs(unsigned int n, unsigned int cache_size, unsigned int data_room)
{
	return bytes_of_pool(n, (unsigned int)sizeof(struct rte_mbuf) + data_room, cache_size);
}

uint64_t
bytes_taken(void)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		struct rte_malloc_socket_stats stats;

		if (rte_malloc_get_socket_stats((int)i, &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}
