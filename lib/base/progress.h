// SPDX-License-Identifier: BSD-3-Clause
//
// A word to whoever waits: a line of the log about what takes long, once it has taken a while, and
// again now and then. What is done quickly is done silently.
//
// Life cycle: progress_begin, the work, progress_end. It has a thread of its own meanwhile, since
// the work may be a single call of a library.
#pragma once

#include <pthread.h>
#include <stdbool.h>

#define PROGRESS_AFTER_MS 2000 // what a person takes for a moment
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

// From now on, if the work takes longer than after_ms, the log has "text ...", and five times as
// long after each line another one with the seconds it has taken.
// => progress stays where it is until progress_end. Where no thread can be had nothing is logged.
// => Any thread but a worker's.
void progress_begin(struct progress *progress, unsigned int after_ms, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// The work is done: nothing more is logged.
void progress_end(struct progress *progress);
