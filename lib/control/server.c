// SPDX-License-Identifier: BSD-3-Clause
#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "base/contract.h"

#define CLIENTS_WAITING   64
#define LOOK_AGAIN_MSEC   50    // while no place is free
#define ACCEPT_PAUSE_USEC 10000 // when the process is out of file descriptors

enum { POLL_STOP, POLL_LISTENER, POLL_CLIENTS };

struct server {
	const struct server_protocol *protocol;
	void *context;
	pthread_t thread;
	int stop; // an eventfd that becomes readable
	int listener;
	struct sockaddr_un address;
	struct server_client clients[SERVER_PLACES]; // socket -1: a free place
	char *own;                                   // of all clients
};

static const struct metric rows[] = {
	{.name = "sallyport_server_clients",
	 .help = "Clients that are connected.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct server_stats, clients)},
	{.name = "sallyport_server_accepted",
	 .help = "Clients that have connected.",
	 METRIC_AT(struct server_stats, accepted)},
	{.name = "sallyport_server_evicted",
	 .help = "Clients that lost their place to another one.",
	 METRIC_AT(struct server_stats, evicted)},
	{.name = "sallyport_server_served",
	 .help = "Times that a client got an answer, or as much of a listing as it could take.",
	 METRIC_AT(struct server_stats, served)},
};

const struct metric_table server_metrics = METRIC_TABLE(rows);

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void
close_client(struct server *server, struct server_client *client)
{
	close(client->socket);
	client->socket = -1;
	server->protocol->stats->clients--;
}

// Returns false if the client is to be closed.
static bool
serve_client(struct server *server, struct server_client *client)
{
	uint64_t n_served = client->n_served;
	bool stays = server->protocol->serve(server->context, client);

	server->protocol->stats->served += client->n_served - n_served;
	return stays;
}

// How often the client was served, relative to the time it has been connected.
static double
rate(const struct server_client *client, uint64_t now)
{
	return (double)client->n_served / (double)(now - client->since_ns);
}

// A place for another client; NULL: none yet.
static struct server_client *
find_place(struct server *server)
{
	uint64_t now = now_ns();
	struct server_client *slowest = NULL;

	for (unsigned int i = 0; i < SERVER_PLACES; i++) {
		struct server_client *client = &server->clients[i];

		if (client->socket < 0)
			return client;
		if (now - client->since_ns < SERVER_GRACE_NS)
			continue;
		if (slowest == NULL || rate(client, now) < rate(slowest, now))
			slowest = client;
	}
	return slowest;
}

static void
accept_client(struct server *server)
{
	struct server_client *place = find_place(server);
	int accepted;

	if (place == NULL)
		return;
	accepted = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (accepted < 0) {
		rte_delay_us_sleep(ACCEPT_PAUSE_USEC); // the waiting client stays queued
		return;
	}
	if (place->socket >= 0) {
		close_client(server, place);
		server->protocol->stats->evicted++;
	}
	server->protocol->stats->clients++;
	server->protocol->stats->accepted++;
	place->socket = accepted;
	place->n_served = 0;
	place->since_ns = now_ns();
	server->protocol->welcome(server->context, place);
}

static void *
serve_clients(void *argument)
{
	struct server *server = argument;
	const struct server_protocol *protocol = server->protocol;

	for (;;) {
		struct pollfd polls[POLL_CLIENTS + SERVER_PLACES];
		bool has_place;

		if (protocol->pause != NULL)
			protocol->pause(server->context);
		has_place = find_place(server) != NULL;
		polls[POLL_STOP] = (struct pollfd){.fd = server->stop, .events = POLLIN};
		polls[POLL_LISTENER] =
			(struct pollfd){.fd = has_place ? server->listener : -1, .events = POLLIN};
		for (unsigned int i = 0; i < SERVER_PLACES; i++)
			polls[POLL_CLIENTS + i] =
				(struct pollfd){.fd = server->clients[i].socket,
						.events = server->clients[i].waits_for};
		if (poll(polls, POLL_CLIENTS + SERVER_PLACES, has_place ? -1 : LOOK_AGAIN_MSEC) < 0)
			continue;
		if (polls[POLL_STOP].revents != 0)
			return NULL;
		for (unsigned int i = 0; i < SERVER_PLACES; i++) {
			if (polls[POLL_CLIENTS + i].revents != 0 &&
			    !serve_client(server, &server->clients[i]))
				close_client(server, &server->clients[i]);
		}
		if (polls[POLL_LISTENER].revents != 0)
			accept_client(server);
	}
}

// True when no process listens at the address any more.
static bool
is_left_over(const struct sockaddr_un *address, int type)
{
	int client = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_refused =
		client >= 0 &&
		connect(client, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED;

	if (client >= 0)
		close(client);
	return is_refused;
}

// Returns 0 or an errno.
static int
take_path(int listener, const struct sockaddr_un *address, int type)
{
	const struct sockaddr *any = (const struct sockaddr *)address;

	if (bind(listener, any, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return errno;
	if (!is_left_over(address, type))
		return EADDRINUSE;
	unlink(address->sun_path);
	return bind(listener, any, sizeof(*address)) == 0 ? 0 : errno;
}

// Returns 0 or an errno. Once the path is created, the server owns the address.
static int
listen_at(struct server *server, const struct sockaddr_un *address)
{
	int type = server->protocol->type;
	int result;

	server->listener = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener < 0)
		return errno;
	result = take_path(server->listener, address, type);
	if (result != 0)
		return result;
	server->address = *address;
	return listen(server->listener, CLIENTS_WAITING) == 0 ? 0 : errno;
}

static struct server *
create(const struct server_protocol *protocol, void *context)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return NULL;
	server->protocol = protocol;
	server->context = context;
	server->listener = -1;
	server->own = calloc(SERVER_PLACES, protocol->client_bytes);
	server->stop = eventfd(0, EFD_CLOEXEC);
	for (unsigned int i = 0; i < SERVER_PLACES; i++) {
		server->clients[i].socket = -1;
		server->clients[i].own = server->own + i * protocol->client_bytes;
	}
	return server;
}

static void
destroy(struct server *server)
{
	if (server->address.sun_family == AF_UNIX)
		unlink(server->address.sun_path);
	if (server->listener >= 0)
		close(server->listener);
	if (server->stop >= 0)
		close(server->stop);
	free(server->own);
	free(server);
}

struct server *
server_start(const struct server_protocol *protocol, void *context,
	     const struct sockaddr_un *address)
{
	struct server *server;
	int result = ENOMEM;

	CONTRACT_MAIN_THREAD();
	CONTRACT(strlen(protocol->thread_name) < 16);
	server = create(protocol, context);
	if (server == NULL)
		return NULL;
	if (server->own != NULL)
		result = server->stop < 0 ? EMFILE : listen_at(server, address);
	if (result == 0)
		result = pthread_create(&server->thread, NULL, serve_clients, server);
	if (result == 0) {
		pthread_setname_np(server->thread, protocol->thread_name);
		return server;
	}
	destroy(server);
	errno = result;
	return NULL;
}

void
server_stop(struct server *server)
{
	const uint64_t one = 1;

	if (server == NULL)
		return;
	CONTRACT_MAIN_THREAD();
	if (write(server->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(server->thread, NULL);
	for (unsigned int i = 0; i < SERVER_PLACES; i++) {
		if (server->clients[i].socket >= 0)
			close_client(server, &server->clients[i]);
	}
	destroy(server);
}
