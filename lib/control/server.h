// SPDX-License-Identifier: BSD-3-Clause
//
// A socket in the file system, and one thread for all who connect to it. Private to control.
//
// The thread waits for sockets only and never for one client: what a client does not take stays
// with it. There are SERVER_PLACES places. When somebody comes and all are taken, the client that
// was served most seldom for the time it has been there loses its place, but nobody in the first
// SERVER_GRACE_NS; so whoever is idle or slow, and however many they are, hinders nobody for
// longer than that.
//
// What is said over the socket is the protocol's: the functions that it hands in run in the thread
// and must not block for long.
//
// The thread runs where the main thread runs, which is where no worker does.
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

// What a server counts. Its thread writes, anybody reads.
struct server_stats {
	uint64_t clients;  // that are connected now
	uint64_t accepted; // clients
	uint64_t evicted;  // of these, since another one needed the place
	uint64_t served;   // how often clients have taken all there was
};

extern const struct metric_table server_metrics; // of struct server_stats

struct server_client {
	int socket;        // does not block
	short waits_for;   // POLLIN or POLLOUT; protocol: rw
	uint64_t n_served; // protocol: rw, counts up each time the client has taken all there was
	uint64_t since_ns; // server: rw
	void *own;         // the protocol's, client_bytes of it, of unknown content at first
};

struct server_protocol {
	const char *thread_name; // at most 15 characters
	int type;                // SOCK_STREAM or SOCK_SEQPACKET
	size_t client_bytes;
	struct server_stats *stats; // outlive the server
	// Somebody has come: sets own and waits_for.
	void (*welcome)(void *context, struct server_client *client);
	// The socket is ready for what the client waits for. Returns false when the client goes.
	bool (*serve)(void *context, struct server_client *client);
	// Sleeps as long as clients should not be served. May be NULL.
	void (*pause)(void *context);
};

// Listens at a path and serves whoever comes. What a dead process has left at the path is replaced.
// => context belongs to the caller and lives longer. Main thread. Returns NULL with errno set,
//    EADDRINUSE when a living process has the path.
struct server *server_start(const struct server_protocol *protocol, void *context,
			    const struct sockaddr_un *address);

// Closes all sockets and removes the path.
// => Main thread. Takes NULL.
void server_stop(struct server *server);
