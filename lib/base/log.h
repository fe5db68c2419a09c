// SPDX-License-Identifier: BSD-3-Clause
//
// What the program has to tell while it runs: lines on standard error.
//
// When standard error is the journal, which systemd says in JOURNAL_STREAM, every line starts with
// its priority as sd-daemon(3) has it, "<4>", and the journal takes it off again. Otherwise lines
// start with the name of the program. What DPDK logs goes the same way.
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

// Looks where standard error goes. => Main thread, before EAL is initialised.
void log_init(void);

// Writes one line, the newline added, in one piece; what it says is escaped, see base/escape.h.
// => Longer ones than LOG_LINE_MAX end there. Allocates nothing.
#define LOG_LINE_MAX 4000
void log_line(enum log_priority priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Standard error for who writes to a stream: in the journal its lines have the priority of errors,
// or of warnings.
FILE *log_errors(void);
FILE *log_warnings(void);
