// SPDX-License-Identifier: BSD-3-Clause
//
// All connections over a socket of our own, as records (report/record.h): the way of sallyctl,
// since a page of telemetry is too small and too slow for a million of them. Private to control.
//
// The socket lies beside the telemetry socket of this process and is nobody else's either: same
// owner, same mode, and where there is no telemetry there is no stream. Whoever connects is sent
// the list, and nothing is read from it.
//
// One thread serves all clients, CLIENTS_MAX at most, with a buffer of fixed size for each. It
// waits for sockets only, so a client that does not read hinders nobody; when others wait for its
// place, it loses it. The thread runs where the main thread runs, which is where no worker does,
// and reads the shards at a bounded pace, since the workers share the memory with it.
#pragma once

#include "runtime/runtime.h"

struct stream;

// Listings of this runtime are offered. => Main thread. Returns NULL when they cannot be, which is
// reported unless there is no telemetry; everything else goes on then.
struct stream *stream_start(const struct runtime *runtime);

// Listings end where they are, and the socket is gone. => Main thread. Takes NULL.
void stream_stop(struct stream *stream);
