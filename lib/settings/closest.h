// SPDX-License-Identifier: BSD-3-Clause
//
// Finds the known word closest to an unknown one, so that an error can suggest it.
#pragma once

struct cfg_closest {
	const char *word;
	const char *best; // NULL as long as nothing is close
	unsigned int distance;
};

void cfg_closest_init(struct cfg_closest *closest, const char *word);

// => The strings must live as long as closest is used.
void cfg_closest_offer(struct cfg_closest *closest, const char *known);
