// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/time.h"

#include <time.h>

#include <rte_cycles.h>

#include "base/clock.h"
#include "base/contract.h"

void
live_clock_init(struct live_clock *clock)
{
	struct timespec now;

	CONTRACT(rte_get_tsc_hz() > 0);
	clock_gettime(CLOCK_REALTIME, &now);
	clock->epoch_ns = (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
	clock->epoch_tsc = rte_rdtsc();
	clock->ns_per_2_32_cycles =
		(uint64_t)(((unsigned __int128)NS_PER_SEC << 32) / rte_get_tsc_hz());
}

uint64_t
live_clock_ns(const struct live_clock *clock)
{
	uint64_t cycles = rte_rdtsc() - clock->epoch_tsc;

	return clock->epoch_ns +
	       (uint64_t)(((unsigned __int128)cycles * clock->ns_per_2_32_cycles) >> 32);
}
