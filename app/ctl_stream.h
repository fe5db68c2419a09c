// SPDX-License-Identifier: BSD-3-Clause
//
// sallyctl's end of the stream of connections (report/record.h, control/stream.h).
//
// As with the telemetry socket, data is not trusted: any input is accepted, and what cannot be used
// is reported in one line on standard error.
//
// Life cycle: ctl_stream_open, ctl_stream_list once, ctl_stream_close.
#pragma once

#include "conntrack/conntrack.h"
#include "report/record.h"

#define CTL_STREAM_PATH_SIZE 128

struct ctl_stream {
	int socket; // -1: there is no stream of our version
	char path[CTL_STREAM_PATH_SIZE];
};

// Connects to the stream next to a telemetry socket.
// => Returns 0, with or without a stream, or -1 with the reason reported if there is one that does
//    not answer.
int ctl_stream_open(struct ctl_stream *stream, const char *telemetry_path);
void ctl_stream_close(struct ctl_stream *stream);

// Called with each connection.
typedef void (*ctl_entry_taker)(void *context, const struct ct_entry *entry);

// Hands over every connection as it arrives.
// => Returns 0, or -1 with the reason reported.
int ctl_stream_list(struct ctl_stream *stream, ctl_entry_taker take, void *context);
