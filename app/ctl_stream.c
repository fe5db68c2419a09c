// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/ctl_socket.h"

#define RECORDS_AT_ONCE 384

// Reads what is available, at least one byte. Returns the number of bytes, or -1 with the reason
// reported.
static ssize_t
receive(const struct ctl_stream *stream, void *bytes, size_t size)
{
	ssize_t len = recv(stream->socket, bytes, size, 0);

	if (len > 0)
		return len;
	if (len == 0)
		ctl_report("%s was closed by the other end: it stops, or others wait for too long",
			   stream->path);
	else if (errno == EAGAIN || errno == EWOULDBLOCK)
		ctl_report("no answer from %s within %d seconds", stream->path, CTL_ANSWER_SEC);
	else
		ctl_report("cannot read from %s: %s", stream->path, strerror(errno));
	return -1;
}

static int
receive_hello(struct ctl_stream *stream)
{
	struct record_hello hello;
	size_t n_bytes = 0;

	while (n_bytes < sizeof(hello)) {
		ssize_t len = receive(stream, (char *)&hello + n_bytes, sizeof(hello) - n_bytes);

		if (len < 0)
			return -1;
		n_bytes += (size_t)len;
	}
	if (!record_is_hello(&hello))
		ctl_stream_close(stream);
	return 0;
}

int
ctl_stream_open(struct ctl_stream *stream, const char *telemetry_path)
{
	int len = snprintf(stream->path, sizeof(stream->path), "%s%s", telemetry_path,
			   RECORD_SOCKET_SUFFIX);

	stream->socket = -1;
	if (len < 0 || (size_t)len >= sizeof(stream->path))
		return 0;
	stream->socket = ctl_socket_connect(stream->path, SOCK_STREAM);
	if (stream->socket < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		ctl_report("no answer from %s within %d seconds", stream->path, CTL_ANSWER_SEC);
		return -1;
	}
	if (stream->socket < 0 || receive_hello(stream) == 0)
		return 0;
	ctl_stream_close(stream);
	return -1;
}

void
ctl_stream_close(struct ctl_stream *stream)
{
	if (stream->socket >= 0)
		close(stream->socket);
	stream->socket = -1;
}

// Takes records up to the last one. Returns their number, or -1 if it is not the number in the last
// record.
static int
take_records(const struct record records[], size_t n, uint64_t *n_taken, bool *is_over,
	     ctl_entry_taker take, void *context)
{
	struct ct_entry entry;

	for (size_t i = 0; i < n; i++) {
		if (record_is_last(&records[i])) {
			*is_over = true;
			return records[i].id == *n_taken && i + 1 == n ? 0 : -1;
		}
		if (!record_to_entry(&records[i], &entry))
			return -1;
		take(context, &entry);
		(*n_taken)++;
	}
	return 0;
}

int
ctl_stream_list(struct ctl_stream *stream, ctl_entry_taker take, void *context)
{
	struct record records[RECORDS_AT_ONCE];
	uint64_t n_taken = 0;
	size_t n_bytes = 0;
	bool is_over = false;

	while (!is_over) {
		ssize_t len = receive(stream, (char *)records + n_bytes, sizeof(records) - n_bytes);
		size_t n;

		if (len < 0)
			return -1;
		n_bytes += (size_t)len;
		n = n_bytes / sizeof(records[0]);
		if (take_records(records, n, &n_taken, &is_over, take, context) != 0) {
			ctl_report("%s: malformed connection", stream->path);
			return -1;
		}
		n_bytes -= n * sizeof(records[0]);
		memmove(records, records + n, n_bytes);
	}
	return 0;
}
