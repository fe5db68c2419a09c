// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_SEC      10      // a firewall that does not answer for so long is not there
#define COMMAND_SIZE    128     // longest question
#define BANNER_SIZE     1024    // longest greeting
#define ANSWER_SIZE_MAX 1048576 // longest answer that is believed

// Prints one line. Text from the socket may hold anything: a control character could end the line
// or speak to the terminal.
static void
report(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	fprintf(stderr, "sallyctl: %s\n", line);
}

int
ctl_socket_path(const char *file_prefix, char *path, size_t size)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");
	int len;

	if (directory == NULL && getuid() == 0)
		directory = "/var/run";
	if (directory == NULL)
		directory = getenv("XDG_RUNTIME_DIR");
	if (directory == NULL)
		directory = "/tmp";
	len = snprintf(path, size, "%s/dpdk/%s/dpdk_telemetry.v2", directory, file_prefix);
	return len < 0 || (size_t)len >= size ? -1 : 0;
}

static int
connect_socket(struct ctl_client *client)
{
	const struct timeval timeout = {.tv_sec = ANSWER_SEC};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(client->path) >= sizeof(address.sun_path)) {
		report("%s: too long for the name of a socket", client->path);
		return -1;
	}
	memcpy(address.sun_path, client->path, strlen(client->path) + 1);
	client->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (client->socket < 0 ||
	    setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
	    setsockopt(client->socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
	    connect(client->socket, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		report("cannot connect to %s: %s; is sallyport running?", client->path,
		       strerror(errno));
		return -1;
	}
	return 0;
}

// Receives one message and reads it as JSON: an object, or NULL with the reason reported.
static json_t *
receive(struct ctl_client *client)
{
	ssize_t len = recv(client->socket, client->buffer, client->size, MSG_TRUNC);
	json_t *message;

	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		report("no answer from %s within %d seconds", client->path, ANSWER_SEC);
		return NULL;
	}
	if (len < 0) {
		report("cannot read from %s: %s", client->path, strerror(errno));
		return NULL;
	}
	if (len == 0) {
		report("%s was closed by the other end: it stops, or has too many clients",
		       client->path);
		return NULL;
	}
	message = (size_t)len > client->size
			  ? NULL
			  : json_loadb(client->buffer, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message)) {
		report("%s: malformed answer", client->path);
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
	json_decref(banner);
	if (size < BANNER_SIZE || size > ANSWER_SIZE_MAX) {
		report("%s is no telemetry socket of DPDK", client->path);
		return -1;
	}
	buffer = realloc(client->buffer, (size_t)size);
	if (buffer == NULL) {
		report("no memory");
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
	if (connect_socket(client) == 0 && receive_banner(client) == 0)
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

// Sends a question; name is what the answer will be called.
static json_t *
ask(struct ctl_client *client, const char *question, const char *name)
{
	json_t *message, *answer;
	const char *error;

	if (send(client->socket, question, strlen(question), MSG_NOSIGNAL) < 0) {
		report("cannot write to %s: %s", client->path, strerror(errno));
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
		report("%s: %s", name, error);
	else if (json_is_null(answer))
		report("%s has no answer to %s: it stops, or is not sallyport", client->path, name);
	else
		report("%s: malformed answer", client->path);
	json_decref(answer);
	return NULL;
}

json_t *
ctl_client_ask(struct ctl_client *client, const char *command)
{
	return ask(client, command, command);
}

// Hands the rows of a page over, and says where the next begins.
static int
take_page(const struct ctl_client *client, json_t *page, const char *member, ctl_row_taker take,
	  void *context, json_int_t *cursor)
{
	json_t *rows = json_object_get(page, member);
	const json_t *next = json_object_get(page, "cursor");
	const char *name;
	json_t *row;

	// A page that leads nowhere but back would never end.
	if (!json_is_object(rows) || !json_is_integer(next) ||
	    (json_integer_value(next) != 0 && json_integer_value(next) <= *cursor)) {
		report("%s: malformed page", client->path);
		return -1;
	}
	*cursor = json_integer_value(next);
	json_object_foreach(rows, name, row)
	{
		if (!json_is_object(row)) {
			report("%s: malformed row", client->path);
			return -1;
		}
		if (take(context, row) != 0)
			return -1;
	}
	return 0;
}

int
ctl_client_list(struct ctl_client *client, const char *command, const char *member,
		ctl_row_taker take, void *context)
{
	json_int_t cursor = 0;
	int result;

	do {
		char question[COMMAND_SIZE];
		json_t *page;

		snprintf(question, sizeof(question), "%s,%" JSON_INTEGER_FORMAT, command, cursor);
		page = ask(client, question, command);
		if (page == NULL)
			return -1;
		result = take_page(client, page, member, take, context, &cursor);
		json_decref(page);
	} while (result == 0 && cursor != 0);
	return result;
}
