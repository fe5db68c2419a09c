// SPDX-License-Identifier: BSD-3-Clause
//
// EAL just for its memory, to compile rules and to replay captures.
#pragma once

#include <stdint.h>

#include "base/errors.h"

// Initialises EAL without hugepages, devices, or anything shared with other processes, and with one
// lcore that is not pinned to a CPU, so that several can run at the same time. Memory that is never
// written takes no memory of the machine.
// => Main thread, once per process. Returns 0, or -1 with an error added.
int bare_eal_start(uint64_t bytes, struct errors *errors);
