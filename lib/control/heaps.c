// SPDX-License-Identifier: BSD-3-Clause
//
// EAL's memory as DPDK's commands report it: a heap per NUMA node, with the names of DPDK 22.11.
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "control/commands.h"

void
command_heap_list(const struct appliance *appliance, uint64_t none, struct answer *answer)
{
	(void)appliance;
	(void)none;
	for (unsigned int i = 0; i < rte_socket_count(); i++)
		answer_number(answer, NULL, i);
}

void
command_heap_info(const struct appliance *appliance, uint64_t heap, struct answer *answer)
{
	int node = rte_socket_id_by_idx((unsigned int)heap);
	struct rte_malloc_socket_stats stats;
	char name[32];

	(void)appliance;
	if (rte_malloc_get_socket_stats(node, &stats) != 0)
		return;
	snprintf(name, sizeof(name), "socket_%d", node);
	answer_number(answer, "Heap_id", heap);
	answer_string(answer, "Name", name);
	answer_number(answer, "Heap_size", stats.heap_totalsz_bytes);
	answer_number(answer, "Free_size", stats.heap_freesz_bytes);
	answer_number(answer, "Alloc_size", stats.heap_allocsz_bytes);
	answer_number(answer, "Greatest_free_size", stats.greatest_free_size);
	answer_number(answer, "Alloc_count", stats.alloc_count);
	answer_number(answer, "Free_count", stats.free_count);
}
