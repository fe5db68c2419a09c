// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of a capture, decompressed if necessary. Its first bytes show the compression: gzip,
// bzip2, xz, zstd, lz4 or compress.
//
// Life cycle: stream_open, stream_read until the end, stream_close. One thread.
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct stream;

// For stream_open: wait for data without limit.
#define STREAM_PATIENT (-1)

// => The caller keeps fd. A regular file is read from its beginning, without a change to its
//    offset; for data from any other file it waits at most wait_ms at a time.
// => Returns NULL when memory is short. Reading reports all other errors.
struct stream *stream_open(int fd, int wait_ms);
void stream_close(struct stream *stream); // takes NULL

// => Returns the number of bytes, at most size; 0 at the end; -1 on an error, see stream_fault.
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);

// What is wrong with the stream, NULL if nothing so far. Valid as long as the stream.
const char *stream_fault(const struct stream *stream);
