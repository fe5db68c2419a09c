// SPDX-License-Identifier: BSD-3-Clause
//
// The log: lines on standard error.
//
// If standard error is the journal, as systemd says in JOURNAL_STREAM, every line starts with its
// priority in the format of sd-daemon(3), "<4>", which the journal strips. Otherwise lines start
// with the name of the program. DPDK's log messages take the same path.
//
// Life cycle: log_init once, before EAL and before other threads; the rest from any thread but a
// worker's, until the process ends.
#pragma once

#include <stdio.h>

// As syslog(3) and the journal number them.
enum log_priority {
	LOG_PRIORITY_ERROR = 3,
	LOG_PRIORITY_WARNING = 4,
	LOG_PRIORITY_NOTICE = 5,
	LOG_PRIORITY_INFO = 6,
	LOG_PRIORITY_DEBUG = 7,
};

// Determines where standard error goes. => Main thread, before EAL is initialised.
void log_init(void);

// Writes one line, with a newline added, in a single write; the text is escaped, see base/escape.h.
// => Lines longer than LOG_LINE_MAX are truncated. Allocates nothing.
#define LOG_LINE_MAX 4000
void log_line(enum log_priority priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Standard error as a stream: in the journal its lines have the priority of errors, or of warnings.
FILE *log_errors(void);
FILE *log_warnings(void);
