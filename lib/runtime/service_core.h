// SPDX-License-Identifier: BSD-3-Clause
//
// The lcore that runs the service's turns, one of DPDK's service lcores.
//
// Life cycle: set the fields up to lcore; service_core_start; service_core_stop, also after a
// failed start or none. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/time.h"
#include "service/service.h"

struct service_core {
	struct service *service;
	const struct live_clock *clock;
	unsigned int lcore;
	uint32_t id; // DPDK's
	bool is_registered;
	uint64_t turns;         // service core: rw, main: ro
	uint64_t next_round_ns; // service core: rw; start of the next scan
};

// => Returns 0 or a negative errno.
int service_core_start(struct service_core *core);
void service_core_stop(struct service_core *core);
