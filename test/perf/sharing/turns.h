// SPDX-License-Identifier: BSD-3-Clause
//
// The threads of a running firewall, taking turns in one: main thread, workers, service core. Each
// has a stack of its own, keeps its CPU until it waits for something, and then goes on when it is
// called again. Time is made up. The linker leads here what starts a thread, sleeps or reads a
// clock (--wrap).
//
// Life cycle: turns_start makes the main thread; what it launches joins. turns_run gives one of
// them a turn.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lines.h"

// Numbers of CPUs: workers from 0 on, then these.
#define CPU_SERVICE (CPUS_MAX - 1)
#define CPU_MAIN    (CPUS_MAX - 2)
#define CPU_READER  (CPUS_MAX - 3)
#define CPU_DEVICE  (CPUS_MAX - 4)
#define CPU_WORKERS (CPUS_MAX - 4) // as many at most

// The main thread runs this, up to where it first waits. What it writes until then nobody looks at.
void turns_start(void (*main)(void));

// Gives the turn of a CPU: it goes on from where it has waited to where it waits again.
void turns_run(uint8_t cpu);

// Who has the turn waits until it is given another one. Called on its stack.
void turns_wait(void);

// The thread has waited for a time that is over by now.
bool turns_is_due(uint8_t cpu);

uint64_t turns_now_ns(void);
void turns_advance(uint64_t ns);
