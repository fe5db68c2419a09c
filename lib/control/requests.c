// SPDX-License-Identifier: BSD-3-Clause
#include "control/requests.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/commands.h"
#include "control/server.h"

#define REQUEST_MAX 1023 // characters
#define COMMAND_MAX 55

struct requests {
	const struct appliance *appliance;
	pthread_mutex_t *lock;
	struct server *server;
};

// Sends the answer in the space. Returns false if the client is gone.
static bool
reply(struct server_client *client)
{
	const struct answer_space *space = client->own;

	client->waits_for = POLLOUT;
	if (send(client->socket, space->bytes, space->len, MSG_NOSIGNAL) < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	client->waits_for = POLLIN;
	client->n_served++;
	return true;
}

// A request that is too long is not answered.
static void
answer(const struct requests *requests, char *request, bool is_whole, struct answer_space *space)
{
	char *comma = strchr(request, ',');
	const char *parameter = NULL;

	if (comma != NULL) {
		*comma = '\0';
		if (comma[1] != '\0')
			parameter = comma + 1;
	}
	request[strnlen(request, COMMAND_MAX)] = '\0';
	pthread_mutex_lock(requests->lock);
	if (is_whole)
		command_answer(requests->appliance, request, parameter, space);
	else
		answer_none(space, request);
	pthread_mutex_unlock(requests->lock);
}

static bool
serve(void *context, struct server_client *client)
{
	char request[REQUEST_MAX + 1];
	ssize_t len;

	if (client->waits_for == POLLOUT)
		return reply(client);
	len = recv(client->socket, request, REQUEST_MAX, MSG_TRUNC);
	if (len < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	if (len == 0)
		return false;
	request[len <= REQUEST_MAX ? len : REQUEST_MAX] = '\0';
	answer(context, request, len <= REQUEST_MAX, client->own);
	return reply(client);
}

// The greeting is sent like an answer, but without a question.
static void
welcome(void *context, struct server_client *client)
{
	(void)context;
	command_greet(client->own);
	client->waits_for = POLLOUT;
}

static struct server_stats stats;

static const struct server_protocol protocol = {
	.thread_name = "sallyport-tel",
	.type = SOCK_SEQPACKET,
	.client_bytes = sizeof(struct answer_space),
	.welcome = welcome,
	.serve = serve,
	.stats = &stats,
};

struct requests *
requests_start(const struct appliance *appliance, pthread_mutex_t *lock,
	       const struct sockaddr_un *address)
{
	struct requests *requests = calloc(1, sizeof(*requests));
	int saved;

	if (requests == NULL)
		return NULL;
	requests->appliance = appliance;
	requests->lock = lock;
	requests->server = server_start(&protocol, requests, address);
	if (requests->server != NULL)
		return requests;
	saved = errno;
	free(requests);
	errno = saved;
	return NULL;
}

void
requests_stop(struct requests *requests)
{
	if (requests == NULL)
		return;
	server_stop(requests->server);
	free(requests);
}

const struct server_stats *
requests_stats(void)
{
	return &stats;
}
