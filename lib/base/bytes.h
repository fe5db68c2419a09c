// SPDX-License-Identifier: BSD-3-Clause
//
// How much of EAL's memory things take that are made of DPDK's parts, with all that DPDK puts
// around them. What a module reserves it can so tell before it does, and before EAL is there to
// reserve it from.
//
// Figures are those of memory without hugepages, where an element of a pool never crosses a page of
// 4 KiB: with hugepages it is less. Any thread; EAL need not be initialised but for bytes_taken.
#pragma once

#include <stdint.h>

// An object of rte_malloc.
uint64_t bytes_of_object(uint64_t size);

// A ring of count elements, a power of two.
uint64_t bytes_of_ring(unsigned int element_size, unsigned int count);

// A mempool of n elements, with caches of cache_size elements unless that is 0.
uint64_t bytes_of_pool(unsigned int n, unsigned int element_size, unsigned int cache_size);

// A pool of n mbufs with data_room bytes each, headroom included.
uint64_t bytes_of_mbufs(unsigned int n, unsigned int cache_size, unsigned int data_room);

// What is taken of EAL's memory at the moment.
uint64_t bytes_taken(void);
