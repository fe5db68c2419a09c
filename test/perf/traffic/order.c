// SPDX-License-Identifier: BSD-3-Clause
#include "order.h"

#include <math.h>
#include <stdlib.h>

#define SEED 88172645463325252U

static int
create_shares(struct order *order, double exponent)
{
	double sum = 0;

	order->cumulated = malloc(order->n_flows * sizeof(*order->cumulated));
	if (order->cumulated == NULL)
		return -1;
	for (uint32_t i = 0; i < order->n_flows; i++) {
		sum += pow(i + 1.0, -exponent);
		order->cumulated[i] = sum;
	}
	return 0;
}

int
order_create(struct order *order, uint32_t n_flows, double zipf_exponent)
{
	*order = (struct order){.n_flows = n_flows, .random = {SEED}};
	order->flows = malloc(n_flows * sizeof(*order->flows));
	if (order->flows == NULL ||
	    (zipf_exponent > 0 && create_shares(order, zipf_exponent) != 0)) {
		order_destroy(order);
		return -1;
	}
	for (uint32_t i = 0; i < n_flows; i++)
		order->flows[i] = i;
	order_shuffle(order);
	return 0;
}

void
order_destroy(struct order *order)
{
	free(order->flows);
	free(order->cumulated);
	*order = (struct order){0};
}

void
order_shuffle(struct order *order)
{
	for (uint32_t i = order->n_flows - 1; i > 0; i--) {
		uint32_t j = (uint32_t)random_below(&order->random, i + 1U);
		uint32_t flow = order->flows[i];

		order->flows[i] = order->flows[j];
		order->flows[j] = flow;
	}
}

uint32_t
order_draw(struct order *order)
{
	uint32_t low = 0;
	uint32_t high = order->n_flows - 1;
	double wanted;

	if (order->cumulated == NULL)
		return order->flows[random_below(&order->random, order->n_flows)];
	wanted = (double)(random_next(&order->random) >> 11) * 0x1p-53 * order->cumulated[high];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (order->cumulated[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return order->flows[low];
}
