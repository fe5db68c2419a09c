// SPDX-License-Identifier: BSD-3-Clause
//
// What the machine has. Any thread; EAL need not be initialised.
#pragma once

#include <stdint.h>

// The most memory in bytes that this process can have: that of the machine, or less if a control
// group limits it (cgroups(7), version 2). root is the folder that contains /proc and /sys, ""
// except in tests.
uint64_t machine_memory_bytes(const char *root);

// The number of CPUs that this process may run on.
unsigned int machine_n_cpus(void);
