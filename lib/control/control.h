// SPDX-License-Identifier: BSD-3-Clause
//
// What a running firewall tells: commands on DPDK's telemetry socket, under /sallyport/, and all
// connections at once on a socket beside it (stream.h).
//
// The commands are one table (commands.c): name, handler, help. Handlers run in the telemetry
// thread, the stream has a thread of its own; both only read and never make a worker wait.
//
// Life cycle: control_start when everything runs, control_stop before anything is taken down; after
// that a command answers with nothing.
#pragma once

#include "runtime/runtime.h"

// The commands and the stream tell about this runtime. => Main thread, once in a process.
void control_start(struct runtime *runtime);

// Between these two no command is answered: those that come wait. The stream goes on.
// => Main thread.
void control_hold(void);
void control_resume(void);

// Waits for a command that is being answered; later ones find nothing, and listings break off.
// => Main thread.
void control_stop(void);
