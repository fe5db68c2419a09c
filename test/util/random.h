// SPDX-License-Identifier: BSD-3-Clause
//
// Random numbers for tests, the same in every run with the same seed.
//
// Life cycle: random_start before the first number, and again at each point from which a test can
// be repeated. One sequence per process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

// The seed of this run: SALLYPORT_TEST_SEED in the environment, else 1.
uint64_t random_seed(void);

// Starts the sequence for this part of a test.
void random_start(uint64_t seed, unsigned int part);

uint64_t random_bits(void);
uint32_t random_below(uint32_t n); // => n is not 0
bool random_chance(unsigned int percent);

// Each bit is set with a probability of 1/4.
uint64_t random_few_bits(void);

#define RANDOM_PICK(pool) (pool)[random_below(RTE_DIM(pool))]
