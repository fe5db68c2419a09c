// SPDX-License-Identifier: BSD-3-Clause
//
// All connections over a socket of their own, as records (report/record.h). sallyctl uses it,
// because pages of telemetry are too small and too slow for a million connections. Private to
// control.
//
// A client that connects is sent the list; nothing is read from it. A server (server.h) handles the
// clients and keeps a buffer of fixed size for each. The shards are read at a bounded pace, because
// reading slows down the workers.
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

// Counters of the stream of connections. Any thread.
const struct server_stats *stream_stats(void);
