// SPDX-License-Identifier: BSD-3-Clause
//
// What a running firewall tells: commands on DPDK's telemetry socket, under /sallyport/.
//
// The commands are one table (commands.c): name, handler, help. Handlers run in the telemetry
// thread and only read; they never make a worker wait.
//
// Life cycle: control_start when everything runs, control_stop before anything is taken down; after
// that a command answers with nothing.
#pragma once

#include "runtime/runtime.h"

// The commands answer about this runtime. => Main thread, once in a process.
void control_start(struct runtime *runtime);

// Waits for a command that is being answered; later ones find nothing. => Main thread.
void control_stop(void);
