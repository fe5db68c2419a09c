// SPDX-License-Identifier: BSD-3-Clause
//
// Random numbers for tests, the same in every run of a seed.
//
// Life cycle: random_start before the first number, and again wherever a test wants to be able to
// begin. One sequence per process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

// The seed of this run: SALLYPORT_TEST_SEED in the environment, else 1.
uint64_t random_seed(void);

// The numbers of this part of a test begin.
void random_start(uint64_t seed, unsigned int part);

uint64_t random_bits(void);
uint32_t random_below(uint32_t n); // => n is not 0
bool random_chance(unsigned int percent);

// Each bit is set in one of four.
uint64_t random_few_bits(void);

#define RANDOM_PICK(pool) (pool)[random_below(RTE_DIM(pool))]
