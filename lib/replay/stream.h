// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of a capture: those of a file as they are, or what it was compressed from. Whether it
// is, and how, its first bytes say: gzip, bzip2, xz, zstd, lz4 or compress.
//
// Life cycle: stream_open, stream_read until it says that there are no more, stream_close. One
// thread.
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct stream;

// For stream_open: to wait for bytes as long as it takes.
#define STREAM_PATIENT (-1)

// => fd stays the caller's. That of a regular file is read from its beginning, whatever its offset,
//    which stays. Any other is waited for, wait_ms at a time at most.
// => Returns NULL when there is no memory. Whatever else is wrong, reading says.
struct stream *stream_open(int fd, int wait_ms);
void stream_close(struct stream *stream); // takes NULL

// => Returns how many bytes there were, at most size; 0: it has ended; -1: stream_fault says why.
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);

// What is wrong with it, NULL: nothing so far. It lives as long as the stream.
const char *stream_fault(const struct stream *stream);
