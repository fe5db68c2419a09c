// SPDX-License-Identifier: BSD-3-Clause
#include "replay/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>

#define BLOCK_BYTES 65536
#define MS_PER_SEC  1000

struct stream {
	struct archive *archive; // libarchive with filters only: the decompressed data is the file
	int fd;
	int wait_ms;
	bool is_regular;
	bool has_ended;
	off_t at; // of the next block of a regular file
	const char *fault;
	char block[BLOCK_BYTES];
};

// Waits for data or the end. Returns false if there is neither, or after a signal.
static bool
await(const struct stream *stream, struct archive *archive)
{
	struct pollfd wanted = {.fd = stream->fd, .events = POLLIN};
	int result = poll(&wanted, 1, stream->wait_ms);

	if (result == 0)
		archive_set_error(archive, ETIMEDOUT, "nothing came for %d seconds",
				  stream->wait_ms / MS_PER_SEC);
	else if (result < 0)
		archive_set_error(archive, errno, "%s", strerror(errno));
	return result > 0;
}

static la_ssize_t
read_block(struct archive *archive, void *context, const void **block)
{
	struct stream *stream = context;
	ssize_t n;

	*block = stream->block;
	do {
		if (!stream->is_regular && !await(stream, archive))
			return -1;
		n = stream->is_regular ? pread(stream->fd, stream->block, BLOCK_BYTES, stream->at)
				       : read(stream->fd, stream->block, BLOCK_BYTES);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		archive_set_error(archive, errno, "%s", strerror(errno));
	else
		stream->at += n;
	return n;
}

static const char *
fault_of(struct stream *stream)
{
	const char *text = archive_error_string(stream->archive);

	return text == NULL ? "cannot be read" : text;
}

// The compressions that libarchive handles itself; for some others it would run programs.
static bool
accept_formats(struct archive *archive)
{
	return archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_lz4(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_compress(archive) == ARCHIVE_OK &&
	       archive_read_support_format_raw(archive) == ARCHIVE_OK &&
	       archive_read_support_format_empty(archive) == ARCHIVE_OK;
}

struct stream *
stream_open(int fd, int wait_ms)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct archive_entry *entry;
	struct stat status;
	int result;

	if (stream == NULL)
		return NULL;
	stream->fd = fd;
	stream->wait_ms = wait_ms;
	stream->is_regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	stream->archive = archive_read_new();
	if (stream->archive == NULL) {
		free(stream);
		return NULL;
	}
	result = !accept_formats(stream->archive)
			 ? ARCHIVE_FATAL
			 : archive_read_open(stream->archive, stream, NULL, read_block, NULL);
	if (result == ARCHIVE_OK)
		result = archive_read_next_header(stream->archive, &entry);
	stream->has_ended = result == ARCHIVE_EOF; // empty input has no entry
	if (result < ARCHIVE_OK)
		stream->fault = fault_of(stream);
	return stream;
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size)
{
	la_ssize_t n;

	if (stream->fault != NULL)
		return -1;
	if (stream->has_ended || size == 0)
		return 0;
	n = archive_read_data(stream->archive, bytes, size);
	stream->has_ended = n == 0;
	if (n >= 0)
		return n;
	stream->fault = fault_of(stream);
	return -1;
}

const char *
stream_fault(const struct stream *stream)
{
	return stream->fault;
}

void
stream_close(struct stream *stream)
{
	if (stream == NULL)
		return;
	archive_read_free(stream->archive);
	free(stream);
}
