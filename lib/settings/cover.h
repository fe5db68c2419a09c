// SPDX-License-Identifier: BSD-3-Clause
//
// Whether one match matches everything that another one does. Private to settings.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/rules.h"

// True if a matches every packet that b matches. False if not, if it is hard to tell, or if *steps,
// which every comparison decrements, has reached 0.
// => keys is match_keys_of(a).
bool cfg_match_covers(const struct match *a, uint64_t keys, const struct match *b, uint64_t *steps);

// True if it matches every packet.
bool cfg_match_is_all(const struct match *match);

// The families of packets that can match, as in match.families.
uint8_t cfg_match_families(const struct match *match);
