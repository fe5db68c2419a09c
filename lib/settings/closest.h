// SPDX-License-Identifier: BSD-3-Clause
//
// The known word closest to one that is not known, so that an error can say what was meant.
#pragma once

struct cfg_closest {
	const char *word;
	const char *best; // NULL as long as nothing is close
	unsigned int distance;
};

void cfg_closest_init(struct cfg_closest *closest, const char *word);

// => The strings must live as long as closest is looked at.
void cfg_closest_offer(struct cfg_closest *closest, const char *known);
