// SPDX-License-Identifier: BSD-3-Clause
//
// What there is to run on. Any thread; EAL need not be initialised.
#pragma once

#include <stdint.h>

// How many bytes of memory this process could have at the very most: those of the machine, or fewer
// where a control group limits it (cgroups(7), version 2).
// => root is where /proc and /sys are looked for, "" but in tests.
uint64_t machine_memory_bytes(const char *root);

// How many CPUs this process may run on.
unsigned int machine_n_cpus(void);
