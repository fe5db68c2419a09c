// SPDX-License-Identifier: BSD-3-Clause
//
// Where sallyport's sockets are, and errors about them in one line.
#pragma once

#include <stddef.h>

#define CTL_ANSWER_SEC 10 // timeout after which the firewall is considered dead

// The path of the telemetry socket of the process with that file prefix, as EAL chooses it.
// => Returns 0, or -1 when size bytes are too few.
int ctl_socket_path(const char *file_prefix, char *path, size_t size);

// Connects a socket of that type to a path. Its operations time out after CTL_ANSWER_SEC.
// => Returns the socket, or -1 with errno set.
int ctl_socket_connect(const char *path, int type);

// Prints one line on standard error, safe for any terminal.
void ctl_report(const char *format, ...) __attribute__((format(printf, 1, 2)));
