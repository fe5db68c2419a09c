// SPDX-License-Identifier: BSD-3-Clause
//
// The packets that workers receive: of flows that every worker is the home of as many of. Packets
// come home by themselves, as from a NIC that steers, or to whoever a flow happens to be dealt to.
//
// Life cycle: flows_init when there is an engine. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "perf/traffic/flow.h"

// n_flows for each worker, as many as there are workers or a multiple of that.
// => Returns false when memory is short.
bool flows_init(const struct engine *engine, const struct flow_family *family, uint32_t n_flows);

// Every worker gets so many packets more. Those of a flow come home, or to a worker that it is
// dealt to, the same one each time.
void flows_offer(uint16_t n, bool come_home);

// How many packets wait for a worker.
uint16_t flows_waiting(unsigned int worker);

// Writes the next of these, as the device does, and returns its length.
uint16_t flows_write_next(unsigned int worker, uint8_t *frame);
