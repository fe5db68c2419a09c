// SPDX-License-Identifier: BSD-3-Clause
//
// A socket in the file system, and one thread for all of its clients. Private to control.
//
// The thread waits in poll and never for a single client: data that a client does not read stays in
// its buffer. There are SERVER_PLACES places. When a new client connects and all are taken, the
// client that was served least often for the time it has been connected loses its place, but none
// in its first SERVER_GRACE_NS. So idle or slow clients, however many, keep out others for no
// longer than that.
//
// What is sent over the socket is up to the protocol: its functions run in the thread and must not
// block for long.
//
// The thread runs on the CPUs of the main thread, where no worker runs.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/metric.h"

#define SERVER_PLACES   32
#define SERVER_GRACE_NS NS_PER_SEC

struct server;

// Counters of a server. Its thread writes, any thread reads.
struct server_stats {
	uint64_t clients;  // that are connected now
	uint64_t accepted; // clients
	uint64_t evicted;  // of these, to make room for another
	uint64_t served;   // how often a client took all that was there for it
};

extern const struct metric_table server_metrics; // of struct server_stats

struct server_client {
	int socket;        // does not block
	short waits_for;   // POLLIN or POLLOUT; protocol: rw
	uint64_t n_served; // protocol: rw, incremented each time the client has taken all there was
	uint64_t since_ns; // server: rw
	void *own;         // for the protocol: client_bytes, uninitialised
};

struct server_protocol {
	const char *thread_name; // at most 15 characters
	int type;                // SOCK_STREAM or SOCK_SEQPACKET
	size_t client_bytes;
	struct server_stats *stats; // outlive the server
	// A client has connected: sets own and waits_for.
	void (*welcome)(void *context, struct server_client *client);
	// The socket is ready for what the client waits for. Returns false to close the client.
	bool (*serve)(void *context, struct server_client *client);
	// Sleeps as long as no client should be served. May be NULL.
	void (*pause)(void *context);
};

// Listens at a path and serves clients. A socket left there by a dead process is replaced.
// => context belongs to the caller and lives longer. Main thread. Returns NULL with errno set,
//    EADDRINUSE when a living process has the path.
struct server *server_start(const struct server_protocol *protocol, void *context,
			    const struct sockaddr_un *address);

// Closes all sockets and removes the path.
// => Main thread. Takes NULL.
void server_stop(struct server *server);
