// SPDX-License-Identifier: BSD-3-Clause
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <rte_log.h>

#include "base/contract.h"
#include "base/escape.h"

// A stream into the journal.
struct journal {
	FILE *stream;   // NULL: standard error is not the journal
	int priority;   // of its lines; -1: DPDK's stream, whose lines have their own priority
	bool is_inside; // of a line: it has begun
};

static bool is_journal;
static struct journal dpdk_journal = {.priority = -1};
static struct journal errors_journal = {.priority = LOG_PRIORITY_ERROR};
static struct journal warnings_journal = {.priority = LOG_PRIORITY_WARNING};

// True when fd is the pipe or socket that systemd created for the journal. The variable alone is
// not enough: a process whose standard error was redirected inherits it, too.
static bool
leads_to_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	char end;

	return stream != NULL && sscanf(stream, "%llu:%llu%c", &device, &inode, &end) == 2 &&
	       fstat(fd, &status) == 0 && status.st_dev == (dev_t)device &&
	       status.st_ino == (ino_t)inode;
}

// The priority of what is being written. DPDK counts from 1.
static int
priority_now(const struct journal *journal)
{
	int level = journal->priority < 0 ? rte_log_cur_msg_loglevel() - 1 : journal->priority;

	return level >= 0 && level <= LOG_PRIORITY_DEBUG ? level : LOG_PRIORITY_INFO;
}

// The write function of a stream: prefixes each line with its priority.
static ssize_t
write_lines(void *cookie, const char *text, size_t size)
{
	struct journal *journal = cookie;

	for (size_t at = 0; at < size;) {
		const char *newline = memchr(text + at, '\n', size - at);
		size_t len = newline == NULL ? size - at : (size_t)(newline - (text + at)) + 1;

		if (journal->is_inside)
			fprintf(stderr, "%.*s", (int)len, text + at);
		else
			fprintf(stderr, "<%d>%.*s", priority_now(journal), (int)len, text + at);
		journal->is_inside = newline == NULL;
		at += len;
	}
	return (ssize_t)size;
}

static void
open_stream(struct journal *journal)
{
	static const cookie_io_functions_t functions = {.write = write_lines};

	if (journal->stream == NULL)
		journal->stream = fopencookie(journal, "w", functions);
	if (journal->stream != NULL)
		setlinebuf(journal->stream);
}

void
log_init(void)
{
	CONTRACT_MAIN_THREAD();
	is_journal = leads_to_journal(STDERR_FILENO);
	if (!is_journal)
		return;
	open_stream(&errors_journal);
	open_stream(&warnings_journal);
	open_stream(&dpdk_journal);
	// Otherwise EAL would write to standard error and to syslog, and the journal would get each
	// line twice.
	rte_openlog_stream(dpdk_journal.stream);
}

void
log_line(enum log_priority priority, const char *format, ...)
{
	char text[LOG_LINE_MAX + 1], line[LOG_LINE_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	escape_text(text, line, sizeof(line));
	if (is_journal)
		fprintf(stderr, "<%d>%s\n", (int)priority, line);
	else
		fprintf(stderr, "sallyport: %s\n", line);
}

static FILE *
stream_of(const struct journal *journal)
{
	return is_journal && journal->stream != NULL ? journal->stream : stderr;
}

FILE *
log_errors(void)
{
	return stream_of(&errors_journal);
}

FILE *
log_warnings(void)
{
	return stream_of(&warnings_journal);
}
