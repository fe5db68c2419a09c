// SPDX-License-Identifier: BSD-3-Clause
#include "pace.h"

static void
begin(struct pace *pace, uint64_t rate, uint64_t now, uint64_t hz)
{
	pace->rate = rate;
	pace->begin = now;
	pace->next = 0;
	pace->interval = rate > 0 ? (double)hz / (double)rate : 0;
	pace->tail = pace->head;
}

static void
arrive(struct pace *pace, uint64_t now)
{
	double passed = (double)(now - pace->begin);
	uint64_t n_late;

	while (pace->next <= passed && pace->tail - pace->head < PACE_RING) {
		pace->due[pace->tail++ % PACE_RING] = pace->begin + (uint64_t)pace->next;
		pace->next += pace->interval;
	}
	if (pace->next > passed)
		return;
	n_late = (uint64_t)((passed - pace->next) / pace->interval) + 1;
	pace->n_lost += n_late;
	pace->next += (double)n_late * pace->interval;
}

unsigned int
pace_take(struct pace *pace, uint64_t rate, uint64_t now, uint64_t hz, uint64_t due[],
	  unsigned int max)
{
	unsigned int n = 0;

	if (rate != pace->rate)
		begin(pace, rate, now, hz);
	if (rate == 0)
		return 0;
	arrive(pace, now);
	while (n < max && pace->head < pace->tail)
		due[n++] = pace->due[pace->head++ % PACE_RING];
	return n;
}
