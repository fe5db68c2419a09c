// SPDX-License-Identifier: BSD-3-Clause
//
// Whether one match takes everything that another one does. Private to settings.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/rules.h"

// True when whatever holds for b holds for a. False when that is not so, when it is hard to tell,
// or when *steps, which every comparison takes from, is used up.
bool cfg_match_covers(const struct match *a, const struct match *b, uint64_t *steps);

// True when it holds for every packet that rules are asked about.
bool cfg_match_is_all(const struct match *match);

// The families, as in match.families, of which a packet can match.
uint8_t cfg_match_families(const struct match *match);
