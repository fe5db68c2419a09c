// SPDX-License-Identifier: BSD-3-Clause
//
// The values that Microsoft has published for RSS ("Verifying the RSS Hash Calculation"): a key,
// and the Toeplitz hashes of pairs of addresses with it.
#pragma once

#include <stdint.h>

#include "packet/tuple.h"

#define PUBLISHED_KEY_LEN  40
#define N_PUBLISHED_HASHES 8

extern const uint8_t published_key[PUBLISHED_KEY_LEN];

// The addresses of the i-th value, and the value.
uint32_t published_hash(unsigned int i, struct tuple *addresses);
