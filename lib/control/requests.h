// SPDX-License-Identifier: BSD-3-Clause
//
// The telemetry socket: version 2 of DPDK's telemetry protocol, so that existing clients work, but
// without DPDK's telemetry library, some of whose commands crash the process
// (doc/adr/0015-telemetry.md). Private to control.
//
// The socket is a SOCK_SEQPACKET. A client that connects receives {"version":..., "pid":...,
// "max_output_len":...}. A request is a command, or a command, a comma and a parameter; the answer
// is {"COMMAND":VALUE}, with null for an unknown command.
#pragma once

#include <pthread.h>
#include <sys/un.h>

#include "control/server.h"
#include "engine/appliance.h"

struct requests;

// Answers commands at the address, each under the lock.
// => Main thread. Returns NULL with errno set, as server_start does.
struct requests *requests_start(const struct appliance *appliance, pthread_mutex_t *lock,
				const struct sockaddr_un *address);

// => Main thread. Takes NULL.
void requests_stop(struct requests *requests);

// Counters of the telemetry socket. Any thread.
const struct server_stats *requests_stats(void);
