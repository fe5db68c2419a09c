// SPDX-License-Identifier: BSD-3-Clause
//
// Queries to a running firewall: commands on a telemetry socket with DPDK's protocol (requests.h),
// and all connections at once on a socket next to it (stream.h).
//
// The commands are one table (commands.c): name, handler, help. Each socket has a thread, which
// only reads and never makes a worker wait.
//
// Life cycle: control_start when everything runs, control_stop before anything is taken down.
#pragma once

#include "engine/appliance.h"

// Both sockets are there and tell about this appliance. What cannot be had is reported, and
// everything else goes on.
// => Main thread.
void control_start(const struct appliance *appliance);

// Between these two, commands wait for their answers. The stream continues.
// => Main thread.
void control_hold(void);
void control_resume(void);

// Waits for a command that is being answered; then closes the sockets, which ends listings early.
// => Main thread.
void control_stop(void);
