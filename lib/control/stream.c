// SPDX-License-Identifier: BSD-3-Clause
#include "control/stream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "base/log.h"
#include "control/walk.h"
#include "report/record.h"

#define TELEMETRY_SOCKET  "dpdk_telemetry.v2"
#define CLIENTS_MAX       8
#define CLIENTS_WAITING   16
#define RECORDS_AT_ONCE   384
#define SLOTS_AT_ONCE     4096
#define STALLED_NS        (UINT64_C(5) * NS_PER_SEC) // then a client may lose its place
#define LOOK_AGAIN_MSEC   250   // for such a client while there is no other place
#define ACCEPT_PAUSE_USEC 10000 // when the process has no file descriptor left

// A line of the table that was read here is slower for its worker to write to the next time. So
// slots are looked at no faster than this, however many clients there are.
#define NS_PER_SLOT  1000
#define PAUSE_MIN_NS 100000   // the system is no more exact than that
#define LATE_MAX_NS  10000000 // what is made up for after too long a pause

struct client {
	int socket; // -1: no client
	struct walk walk;
	uint64_t n_records; // that were put into the buffer
	bool is_complete;   // the last record was
	uint64_t moved_ns;  // when it last took something
	size_t begin, end;  // bytes of the buffer that wait
	union {
		struct record_hello hello;
		struct record records[RECORDS_AT_ONCE];
		char bytes[1];
	} buffer;
};

enum { POLL_STOP, POLL_LISTENER, POLL_CLIENTS };

struct stream {
	const struct runtime *runtime;
	pthread_t thread;
	int stop; // an eventfd that becomes readable
	int listener;
	struct sockaddr_un address;
	uint64_t due_ns; // when the next slots may be looked at
	struct client clients[CLIENTS_MAX];
};

// The next records, as far as they are found without looking at too many slots.
static void
fill(struct stream *stream, struct client *client)
{
	struct record *records = client->buffer.records;
	uint64_t now_ns = runtime_now_ns(stream->runtime);
	tick_t now = tick_from_ns(now_ns);
	unsigned int budget = SLOTS_AT_ONCE;
	unsigned int n = 0;
	struct ct_entry entry;

	while (n < RECORDS_AT_ONCE && walk_next(&client->walk, now, &budget, &entry))
		record_from_entry(&entry, &records[n++]);
	stream->due_ns = RTE_MAX(stream->due_ns, now_ns - LATE_MAX_NS) +
			 (uint64_t)(SLOTS_AT_ONCE - budget) * NS_PER_SLOT;
	client->n_records += n;
	if (n < RECORDS_AT_ONCE && walk_is_over(&client->walk)) {
		record_make_last(client->n_records, &records[n++]);
		client->is_complete = true;
	}
	client->begin = 0;
	client->end = n * sizeof(*records);
}

static void
close_client(struct client *client)
{
	close(client->socket);
	client->socket = -1;
}

// As much as the socket takes at once. It is closed when that was all, or nobody is there.
static void
serve(struct stream *stream, struct client *client)
{
	ssize_t len;

	if (client->begin == client->end)
		fill(stream, client);
	len = send(client->socket, client->buffer.bytes + client->begin,
		   client->end - client->begin, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (len > 0) {
		client->begin += (size_t)len;
		client->moved_ns = runtime_now_ns(client->walk.runtime);
	}
	if (len < 0 || (client->is_complete && client->begin == client->end))
		close_client(client);
}

// A place for another client: one that is free, or that of the client which has not taken anything
// for the longest time, if that is too long. NULL: there is none.
static struct client *
find_place(struct stream *stream)
{
	struct client *slowest = &stream->clients[0];

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &stream->clients[i];

		if (client->socket < 0)
			return client;
		if (client->moved_ns < slowest->moved_ns)
			slowest = client;
	}
	return runtime_now_ns(stream->runtime) - slowest->moved_ns > STALLED_NS ? slowest : NULL;
}

static void
accept_client(struct stream *stream)
{
	struct client *place = find_place(stream);
	int accepted;

	if (place == NULL)
		return;
	accepted = accept4(stream->listener, NULL, NULL, SOCK_CLOEXEC);
	if (accepted < 0) {
		rte_delay_us_sleep(ACCEPT_PAUSE_USEC); // whoever waits is still there
		return;
	}
	if (place->socket >= 0)
		close_client(place);
	place->socket = accepted;
	place->walk = (struct walk){.runtime = stream->runtime, .life = CT_CONFIRMED};
	place->n_records = 0;
	place->is_complete = false;
	place->moved_ns = runtime_now_ns(stream->runtime);
	place->buffer.hello = record_hello();
	place->begin = 0;
	place->end = sizeof(place->buffer.hello);
}

// Until the next slots may be looked at.
static void
pause_if_fast(const struct stream *stream)
{
	uint64_t now_ns = runtime_now_ns(stream->runtime);

	if (stream->due_ns > now_ns + PAUSE_MIN_NS)
		rte_delay_us_sleep((unsigned int)((stream->due_ns - now_ns) / 1000));
}

static void *
serve_clients(void *argument)
{
	struct stream *stream = argument;

	for (;;) {
		struct pollfd polls[POLL_CLIENTS + CLIENTS_MAX];
		bool has_place;

		pause_if_fast(stream);
		has_place = find_place(stream) != NULL;
		polls[POLL_STOP] = (struct pollfd){.fd = stream->stop, .events = POLLIN};
		polls[POLL_LISTENER] =
			(struct pollfd){.fd = has_place ? stream->listener : -1, .events = POLLIN};
		for (unsigned int i = 0; i < CLIENTS_MAX; i++)
			polls[POLL_CLIENTS + i] =
				(struct pollfd){.fd = stream->clients[i].socket, .events = POLLOUT};
		if (poll(polls, POLL_CLIENTS + CLIENTS_MAX, has_place ? -1 : LOOK_AGAIN_MSEC) < 0)
			continue;
		if (polls[POLL_STOP].revents != 0)
			return NULL;
		for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
			if (polls[POLL_CLIENTS + i].revents != 0)
				serve(stream, &stream->clients[i]);
		}
		if (polls[POLL_LISTENER].revents != 0)
			accept_client(stream);
	}
}

// True when the telemetry socket at this address is of this process: nobody answers for one that
// was left behind, and another process may have been there first.
static bool
is_own_telemetry(const struct sockaddr_un *address)
{
	int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	bool is_own = client >= 0 &&
		      connect(client, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
		      getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
		      peer.pid == getpid();

	if (client >= 0)
		close(client);
	return is_own;
}

// Returns a socket that listens, or -1 with errno set. What lies at the address was left behind by
// a process whose telemetry socket has been ours since.
static int
listen_at(const struct sockaddr_un *address)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (listener < 0)
		return -1;
	unlink(address->sun_path);
	if (bind(listener, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	    listen(listener, CLIENTS_WAITING) == 0)
		return listener;
	close(listener);
	return -1;
}

static int
start(struct stream *stream)
{
	int result;

	stream->listener = listen_at(&stream->address);
	if (stream->listener < 0)
		return errno;
	stream->stop = eventfd(0, EFD_CLOEXEC);
	result = stream->stop < 0 ? errno
				  : pthread_create(&stream->thread, NULL, serve_clients, stream);
	if (result == 0) {
		pthread_setname_np(stream->thread, "sallyport-list");
		return 0;
	}
	unlink(stream->address.sun_path);
	close(stream->listener);
	if (stream->stop >= 0)
		close(stream->stop);
	return result;
}

struct stream *
stream_start(const struct runtime *runtime)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stream *stream;
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
			   rte_eal_get_runtime_dir(), TELEMETRY_SOCKET);
	int result = ENAMETOOLONG;

	if (len < 0 || (size_t)len >= sizeof(address.sun_path) || !is_own_telemetry(&address))
		return NULL;
	stream = calloc(1, sizeof(*stream));
	if (stream == NULL)
		return NULL;
	stream->runtime = runtime;
	stream->address = address;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		stream->clients[i].socket = -1;
	if ((size_t)len + sizeof(RECORD_SOCKET_SUFFIX) <= sizeof(address.sun_path)) {
		memcpy(stream->address.sun_path + len, RECORD_SOCKET_SUFFIX,
		       sizeof(RECORD_SOCKET_SUFFIX));
		result = start(stream);
	}
	if (result == 0)
		return stream;
	log_line(LOG_PRIORITY_WARNING, "connections are listed by pages only: %s%s: %s",
		 address.sun_path, RECORD_SOCKET_SUFFIX, strerror(result));
	free(stream);
	return NULL;
}

void
stream_stop(struct stream *stream)
{
	const uint64_t one = 1;

	if (stream == NULL)
		return;
	if (write(stream->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(stream->thread, NULL);
	unlink(stream->address.sun_path);
	close(stream->listener);
	close(stream->stop);
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (stream->clients[i].socket >= 0)
			close_client(&stream->clients[i]);
	}
	free(stream);
}
