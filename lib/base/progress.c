// SPDX-License-Identifier: BSD-3-Clause
#include "base/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/contract.h"
#include "base/log.h"

#define MS_PER_SEC 1000
#define NS_PER_MS  1000000
#define NS_IN_SEC  1000000000L
#define LATER      5 // each pause is this many times the one before

static void
add_ms(struct timespec *time, unsigned int ms)
{
	time->tv_sec += ms / MS_PER_SEC;
	time->tv_nsec += (long)(ms % MS_PER_SEC) * NS_PER_MS;
	if (time->tv_nsec >= NS_IN_SEC) {
		time->tv_sec++;
		time->tv_nsec -= NS_IN_SEC;
	}
}

static void *
tell(void *argument)
{
	struct progress *progress = argument;
	unsigned int pause_ms = progress->after_ms;
	uint64_t taken_ms = 0;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	pthread_mutex_lock(&progress->lock);
	while (!progress->is_over) {
		add_ms(&until, pause_ms);
		while (!progress->is_over &&
		       pthread_cond_timedwait(&progress->changed, &progress->lock, &until) !=
			       ETIMEDOUT)
			;
		if (progress->is_over)
			break;
		taken_ms += pause_ms;
		if (taken_ms == progress->after_ms)
			log_line(LOG_PRIORITY_NOTICE, "%s ...", progress->text);
		else
			log_line(LOG_PRIORITY_NOTICE, "%s ... %llu s so far", progress->text,
				 (unsigned long long)(taken_ms / MS_PER_SEC));
		pause_ms = LATER * progress->after_ms;
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

void
progress_begin(struct progress *progress, unsigned int after_ms, const char *format, ...)
{
	pthread_condattr_t attributes;
	sigset_t all, before;
	va_list args;

	CONTRACT(after_ms > 0);
	*progress = (struct progress){.after_ms = after_ms};
	va_start(args, format);
	vsnprintf(progress->text, sizeof(progress->text), format, args);
	va_end(args);
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	// Signals go to the working thread.
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	progress->has_thread = pthread_create(&progress->thread, NULL, tell, progress) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
progress_end(struct progress *progress)
{
	pthread_mutex_lock(&progress->lock);
	progress->is_over = true;
	pthread_cond_signal(&progress->changed);
	pthread_mutex_unlock(&progress->lock);
	if (progress->has_thread)
		pthread_join(progress->thread, NULL);
	pthread_cond_destroy(&progress->changed);
	pthread_mutex_destroy(&progress->lock);
}
