// SPDX-License-Identifier: BSD-3-Clause
#include "control/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "control/server.h"
#include "control/walk.h"
#include "report/record.h"

#define RECORDS_AT_ONCE 384
#define SLOTS_AT_ONCE   4096

// After a read here, the worker's next write to the same cache line is slower. So slots are read no
// faster than this, however many clients there are.
#define NS_PER_SLOT  1000
#define PAUSE_MIN_NS 100000   // the precision of the system's timers
#define LATE_MAX_NS  10000000 // the most that is caught up after too long a pause

// State of a client.
struct reader {
	struct walk walk;
	uint64_t n_records; // put into the buffer
	bool is_complete;   // the last record was
	size_t begin, end;  // unsent bytes of the buffer
	union {
		struct record_hello hello;
		struct record records[RECORDS_AT_ONCE];
		char bytes[1];
	} buffer;
};

struct stream {
	const struct appliance *appliance;
	struct server *server;
	uint64_t due_ns; // when the next slots may be read
};

// Adds the next records, as many as a bounded number of slots has.
static void
fill(struct stream *stream, struct reader *reader)
{
	struct record *records = reader->buffer.records;
	uint64_t now_ns = appliance_now_ns(stream->appliance);
	tick_t now = tick_from_ns(now_ns);
	unsigned int budget = SLOTS_AT_ONCE;
	unsigned int n = 0;
	struct ct_entry entry;

	while (n < RECORDS_AT_ONCE && walk_next(&reader->walk, now, &budget, &entry))
		record_from_entry(&entry, &records[n++]);
	stream->due_ns = RTE_MAX(stream->due_ns, now_ns - LATE_MAX_NS) +
			 (uint64_t)(SLOTS_AT_ONCE - budget) * NS_PER_SLOT;
	reader->n_records += n;
	if (n < RECORDS_AT_ONCE && walk_is_over(&reader->walk)) {
		record_make_last(reader->n_records, &records[n++]);
		reader->is_complete = true;
	}
	reader->begin = 0;
	reader->end = n * sizeof(*records);
}

// Sends as much as the socket takes. Returns false at the end, or if the client is gone.
static bool
serve(void *context, struct server_client *client)
{
	struct reader *reader = client->own;
	ssize_t len;

	if (reader->begin == reader->end) {
		fill(context, reader);
		client->n_served++;
	}
	len = send(client->socket, reader->buffer.bytes + reader->begin,
		   reader->end - reader->begin, MSG_NOSIGNAL);
	if (len < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	reader->begin += (size_t)len;
	return !reader->is_complete || reader->begin < reader->end;
}

static void
welcome(void *context, struct server_client *client)
{
	const struct stream *stream = context;
	struct reader *reader = client->own;

	client->waits_for = POLLOUT;
	reader->walk = (struct walk){.engine = stream->appliance->engine, .life = CT_CONFIRMED};
	reader->n_records = 0;
	reader->is_complete = false;
	reader->buffer.hello = record_hello();
	reader->begin = 0;
	reader->end = sizeof(reader->buffer.hello);
}

// Sleeps until the next slots may be read.
static void
pause_if_fast(void *context)
{
	const struct stream *stream = context;
	uint64_t now_ns = appliance_now_ns(stream->appliance);

	if (stream->due_ns > now_ns + PAUSE_MIN_NS)
		rte_delay_us_sleep((unsigned int)((stream->due_ns - now_ns) / 1000));
}

static struct server_stats stats;

static const struct server_protocol protocol = {
	.thread_name = "sallyport-list",
	.type = SOCK_STREAM,
	.client_bytes = sizeof(struct reader),
	.welcome = welcome,
	.serve = serve,
	.stats = &stats,
	.pause = pause_if_fast,
};

struct stream *
stream_start(const struct appliance *appliance, const struct sockaddr_un *address)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int saved;

	if (stream == NULL)
		return NULL;
	stream->appliance = appliance;
	stream->server = server_start(&protocol, stream, address);
	if (stream->server != NULL)
		return stream;
	saved = errno;
	free(stream);
	errno = saved;
	return NULL;
}

void
stream_stop(struct stream *stream)
{
	if (stream == NULL)
		return;
	server_stop(stream->server);
	free(stream);
}

const struct server_stats *
stream_stats(void)
{
	return &stats;
}
