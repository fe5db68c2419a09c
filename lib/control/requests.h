// SPDX-License-Identifier: BSD-3-Clause
//
// The telemetry socket: version 2 of the protocol of DPDK's telemetry, for which there are clients,
// without DPDK's telemetry library, some of whose commands end the process
// (doc/adr/0015-telemetry.md). Private to control.
//
// A message is one of a SOCK_SEQPACKET. Whoever connects is sent {"version":..., "pid":...,
// "max_output_len":...}. A request is a command, or a command, a comma and a parameter; the answer
// is {"COMMAND":VALUE}, null where there is nothing to say.
#pragma once

#include <pthread.h>
#include <sys/un.h>

#include "control/server.h"
#include "engine/appliance.h"

struct requests;

// Commands are answered at the address, each under the lock.
// => Main thread. Returns NULL with errno set, as server_start does.
struct requests *requests_start(const struct appliance *appliance, pthread_mutex_t *lock,
				const struct sockaddr_un *address);

// => Main thread. Takes NULL.
void requests_stop(struct requests *requests);

// What the telemetry socket counts. Any thread.
const struct server_stats *requests_stats(void);
