// SPDX-License-Identifier: BSD-3-Clause
//
// Between DPDK's telemetry library and the handlers. The library calls one function for all
// commands, from a thread per client, and can be told of a command but not to forget it: so a lock
// lets one answer at a time through, control_stop takes the runtime away under the same lock, and
// it is held while the configuration changes.
#include "control/control.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "control/commands.h"
#include "control/cursor.h"
#include "control/stream.h"

// The telemetry library takes 67 KiB for every object of an answer and gives them back one by one:
// 10 MiB for a page of connections. The C library returning them to the system each time costs
// more than all the rest of the page.
#define KEPT_BYTES (16 * 1024 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct runtime *current; // under the lock; NULL: nothing runs
static struct stream *stream;   // main thread only; NULL: there is none

static const struct command *
find_command(const char *path)
{
	for (unsigned int i = 0; i < n_commands; i++) {
		if (strcmp(commands[i].path, path) == 0)
			return &commands[i];
	}
	return NULL;
}

static void
answer_command(const struct command *command, const char *parameter, struct answer *answer)
{
	uint64_t cursor;

	if (parameter != NULL && !command->has_cursor)
		answer_string(answer, "error", "this command takes no parameter");
	else if (!cursor_parse(parameter, &cursor))
		answer_string(answer, "error", "the cursor is not a number");
	else
		command->handler(current, cursor, answer);
}

static int
answer_telemetry(const char *path, const char *parameter, struct rte_tel_data *data)
{
	const struct command *command = find_command(path);
	struct answer_space space;
	struct answer answer;
	int result = -ESHUTDOWN;

	if (command == NULL)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	if (current != NULL) {
		answer = answer_begin(data, &space);
		answer_command(command, parameter, &answer);
		if (space.is_short_of_memory)
			answer_string(&answer, "error", "no memory for the answer");
		result = 0;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

void
control_start(struct runtime *runtime)
{
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	pthread_mutex_lock(&lock);
	current = runtime;
	pthread_mutex_unlock(&lock);
	for (unsigned int i = 0; i < n_commands; i++) {
		int result = rte_telemetry_register_cmd(commands[i].path, answer_telemetry,
							commands[i].help);

		if (result != 0)
			fprintf(stderr, "sallyport: %s will not be answered: %s\n",
				commands[i].path, strerror(-result));
	}
	stream = stream_start(runtime);
}

void
control_hold(void)
{
	pthread_mutex_lock(&lock);
}

void
control_resume(void)
{
	pthread_mutex_unlock(&lock);
}

void
control_stop(void)
{
	stream_stop(stream);
	stream = NULL;
	pthread_mutex_lock(&lock);
	current = NULL;
	pthread_mutex_unlock(&lock);
}
