// SPDX-License-Identifier: BSD-3-Clause
//
// How much of EAL's memory DPDK's objects take, including what DPDK adds around them. With these a
// module can say how much it will reserve before EAL is initialised.
//
// Figures are for memory without hugepages, where an element of a pool never crosses a 4 KiB page;
// with hugepages it is less. Any thread; only bytes_taken needs EAL to be initialised.
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

// How much of EAL's memory is in use.
uint64_t bytes_taken(void);
