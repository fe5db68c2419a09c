// SPDX-License-Identifier: BSD-3-Clause
//
// Progress messages: log lines about work that takes long, the first after a while, the others at
// growing intervals. Quick work is silent.
//
// Life cycle: progress_begin, the work, progress_end. A thread of its own logs in between, since
// the work may be a single call of a library.
#pragma once

#include <pthread.h>
#include <stdbool.h>

#define PROGRESS_AFTER_MS 2000 // short enough not to need a message
#define PROGRESS_TEXT_MAX 200

struct progress {
	pthread_t thread;
	bool has_thread;
	bool is_over; // under the lock
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int after_ms;
	char text[PROGRESS_TEXT_MAX];
};

// If the work takes longer than after_ms, logs "text ...", and then, each time after five times the
// previous interval, another line with the seconds it has taken.
// => progress must not move until progress_end, after_ms is at least 1. If no thread can be
//    created, nothing is logged.
// => Any thread but a worker's.
void progress_begin(struct progress *progress, unsigned int after_ms, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Call when the work is done: nothing more is logged.
void progress_end(struct progress *progress);
