// SPDX-License-Identifier: BSD-3-Clause
//
// In which order flows send: each once in random order, or drawn, some more often than others.
#pragma once

#include <stdint.h>

#include "random.h"

struct order {
	uint32_t n_flows;
	uint32_t *flows;   // all flows, in random order
	double *cumulated; // rank -> share of the packets up to it; NULL when all send alike
	struct random random;
};

// => zipf_exponent: the flow of rank r gets 1/r^exponent; 0: all alike. Returns -1 when memory is
//    short.
int order_create(struct order *order, uint32_t n_flows, double zipf_exponent);
void order_destroy(struct order *order);

// Another random order of order->flows.
void order_shuffle(struct order *order);

// A flow, by its share.
uint32_t order_draw(struct order *order);
