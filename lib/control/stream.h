// SPDX-License-Identifier: BSD-3-Clause
//
// All connections over a socket of their own, as records (report/record.h): the way of sallyctl,
// since a page of telemetry is too small and too slow for a million of them. Private to control.
//
// Whoever connects is sent the list, and nothing is read from it. The clients are a server's
// (server.h), which keeps a buffer of fixed size for each; the shards are read at a bounded pace,
// since the workers share the memory with it.
#pragma once

#include <sys/un.h>

#include "control/server.h"
#include "engine/appliance.h"

struct stream;

// Listings of this appliance are offered at the address.
// => Main thread. Returns NULL with errno set, as server_start does.
struct stream *stream_start(const struct appliance *appliance, const struct sockaddr_un *address);

// Listings end where they are, and the socket is gone.
// => Main thread. Takes NULL.
void stream_stop(struct stream *stream);

// What the stream of connections counts. Any thread.
const struct server_stats *stream_stats(void);
