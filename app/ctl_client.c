// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/ctl_socket.h"

#define COMMAND_SIZE    128     // longest question
#define BANNER_SIZE     1024    // longest greeting
#define ANSWER_SIZE_MAX 1048576 // an announced answer above this is an error

// Receives one message and reads it as JSON: an object, or NULL with the reason reported.
static json_t *
receive(struct ctl_client *client)
{
	ssize_t len = recv(client->socket, client->buffer, client->size, MSG_TRUNC);
	json_t *message;

	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		ctl_report("no answer from %s within %d seconds", client->path, CTL_ANSWER_SEC);
		return NULL;
	}
	if (len < 0) {
		ctl_report("cannot read from %s: %s", client->path, strerror(errno));
		return NULL;
	}
	if (len == 0) {
		ctl_report("%s was closed by the other end: it stops, or has too many clients",
			   client->path);
		return NULL;
	}
	message = (size_t)len > client->size
			  ? NULL
			  : json_loadb(client->buffer, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message)) {
		ctl_report("%s: malformed answer", client->path);
		json_decref(message);
		return NULL;
	}
	return message;
}

// The greeting says how long answers may be.
static int
receive_banner(struct ctl_client *client)
{
	json_t *banner;
	json_int_t size;
	char *buffer;

	client->size = BANNER_SIZE;
	client->buffer = malloc(client->size);
	banner = client->buffer == NULL ? NULL : receive(client);
	if (banner == NULL)
		return -1;
	size = json_integer_value(json_object_get(banner, "max_output_len"));
	client->pid = (pid_t)json_integer_value(json_object_get(banner, "pid"));
	json_decref(banner);
	if (size < BANNER_SIZE || size > ANSWER_SIZE_MAX) {
		ctl_report("%s is no telemetry socket of DPDK", client->path);
		return -1;
	}
	buffer = realloc(client->buffer, (size_t)size);
	if (buffer == NULL) {
		ctl_report("no memory");
		return -1;
	}
	client->buffer = buffer;
	client->size = (size_t)size;
	return 0;
}

int
ctl_client_open(struct ctl_client *client, const char *path)
{
	*client = (struct ctl_client){.socket = -1, .path = path};
	client->socket = ctl_socket_connect(path, SOCK_SEQPACKET);
	if (client->socket < 0)
		ctl_report("cannot connect to %s: %s; is sallyport running?", path,
			   strerror(errno));
	else if (receive_banner(client) == 0)
		return 0;
	ctl_client_close(client);
	return -1;
}

void
ctl_client_close(struct ctl_client *client)
{
	if (client->socket >= 0)
		close(client->socket);
	free(client->buffer);
	*client = (struct ctl_client){.socket = -1};
}

json_t *
ctl_client_ask_for(struct ctl_client *client, const char *question, const char *name)
{
	json_t *message, *answer;
	const char *error;

	if (send(client->socket, question, strlen(question), MSG_NOSIGNAL) < 0) {
		ctl_report("cannot write to %s: %s", client->path, strerror(errno));
		return NULL;
	}
	message = receive(client);
	if (message == NULL)
		return NULL;
	answer = json_incref(json_object_get(message, name));
	json_decref(message);
	error = json_string_value(json_object_get(answer, "error")); // a counter may be called so
	if (json_is_object(answer) && error == NULL)
		return answer;
	if (error != NULL)
		ctl_report("%s: %s", name, error);
	else if (json_is_null(answer))
		ctl_report("%s has no answer to %s: it stops, or is not sallyport", client->path,
			   name);
	else
		ctl_report("%s: malformed answer", client->path);
	json_decref(answer);
	return NULL;
}

json_t *
ctl_client_ask(struct ctl_client *client, const char *command)
{
	return ctl_client_ask_for(client, command, command);
}

// Hands over the rows of a page and sets where the next one begins.
static int
take_page(const struct ctl_client *client, json_t *page, const char *member, ctl_row_taker take,
	  void *context, json_int_t *cursor)
{
	json_t *rows = json_object_get(page, member);
	const json_t *next = json_object_get(page, "cursor");
	const char *name;
	json_t *row;

	// A cursor that does not advance would loop forever.
	if (!json_is_object(rows) || !json_is_integer(next) ||
	    (json_integer_value(next) != 0 && json_integer_value(next) <= *cursor)) {
		ctl_report("%s: malformed page", client->path);
		return -1;
	}
	*cursor = json_integer_value(next);
	json_object_foreach(rows, name, row)
	{
		if (!json_is_object(row)) {
			ctl_report("%s: malformed row", client->path);
			return -1;
		}
		if (take(context, row) != 0)
			return -1;
	}
	return 0;
}

int
ctl_client_page(struct ctl_client *client, const char *command, const char *member,
		struct ctl_page *page, ctl_row_taker take, void *context)
{
	char question[COMMAND_SIZE];
	json_t *answer;
	int result;

	snprintf(question, sizeof(question), "%s,%" JSON_INTEGER_FORMAT, command, page->cursor);
	answer = ctl_client_ask_for(client, question, command);
	if (answer == NULL)
		return -1;
	page->generation = json_integer_value(json_object_get(answer, "generation"));
	result = take_page(client, answer, member, take, context, &page->cursor);
	json_decref(answer);
	return result;
}

int
ctl_client_list(struct ctl_client *client, const char *command, const char *member,
		ctl_row_taker take, void *context)
{
	struct ctl_page page = {0};
	int result;

	do {
		result = ctl_client_page(client, command, member, &page, take, context);
	} while (result == 0 && page.cursor != 0);
	return result;
}
