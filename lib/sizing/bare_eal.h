// SPDX-License-Identifier: BSD-3-Clause
//
// EAL for who only needs its memory: to compile rules, to replay captures.
#pragma once

#include <stdint.h>

#include "base/errors.h"

// Initialises EAL without hugepages, devices of the machine, or anything shared with other
// processes; one lcore, which is not tied to a CPU: those that run at the same time stay out of
// each other's way. Memory that nobody writes to is none of the machine's.
// => Main thread, once in a process. Returns 0, or -1 with an error added.
int bare_eal_start(uint64_t bytes, struct errors *errors);
