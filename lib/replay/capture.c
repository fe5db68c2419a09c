// SPDX-License-Identifier: BSD-3-Clause
#include "replay/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/level.h"
#include "replay/reader.h"
#include "replay/stream.h"

#define FIFO_WAIT_MS 3000 // for a writer
#define BLOCK_BYTES  65536

// Opens a file without a name, which vanishes when closed. Returns -1 with errno set.
static int
open_unnamed(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/sallyport-XXXXXX",
		     folder == NULL || *folder == '\0' ? "/tmp" : folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static bool
write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

// Copies a stream, if it begins like a capture. Returns 0, or -1 with an error added.
static int
copy_stream(struct stream *stream, const struct capture *capture, int fd, struct errors *errors)
{
	char block[BLOCK_BYTES];
	bool has_begun = false;
	ssize_t n;

	while ((n = stream_read(stream, block, sizeof(block))) > 0) {
		if (!has_begun && (n < 4 || !level_is_capture((const uint8_t *)block))) {
			errors_add(errors, capture->path, 0,
				   "cannot be read as a capture: it does not begin as one");
			return -1;
		}
		has_begun = true;
		if (!write_all(fd, block, (size_t)n)) {
			errors_add(errors, capture->path, 0,
				   "cannot be copied to $TMPDIR or /tmp: %s", strerror(errno));
			return -1;
		}
	}
	if (n < 0)
		errors_add(errors, capture->path, 0, "cannot be read: %s", stream_fault(stream));
	return n < 0 ? -1 : 0;
}

// Copies input that can be read only once to a file. Returns 0, or -1 with an error added.
static int
copy_to_file(struct capture *capture, int wait_ms, struct errors *errors)
{
	int fd = open_unnamed();
	struct stream *stream = fd < 0 ? NULL : stream_open(capture->fd, wait_ms);
	int result = -1;

	if (stream == NULL)
		errors_add(errors, capture->path, 0, "cannot be copied to $TMPDIR or /tmp: %s",
			   strerror(errno));
	else
		result = copy_stream(stream, capture, fd, errors);
	stream_close(stream);
	close(capture->fd);
	capture->fd = fd;
	return result;
}

// Opens without waiting for a writer.
static int
open_path(struct capture *capture, const char *path)
{
	if (strcmp(path, CAPTURE_STDIN) != 0)
		return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	capture->path = "standard input";
	return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

// Why a file of this kind cannot be used; NULL if it can.
static const char *
fault_of_kind(mode_t mode)
{
	if (S_ISDIR(mode))
		return "is a folder, not a capture";
	return S_ISCHR(mode) || S_ISBLK(mode) ? "is a device, not a capture" : NULL;
}

// Opens the input. Returns 0, or -1 with an error added.
static int
open_file(struct capture *capture, const char *path, struct errors *errors)
{
	const int wait_ms = strcmp(path, CAPTURE_STDIN) == 0 ? STREAM_PATIENT : FIFO_WAIT_MS;
	const char *fault;
	struct stat status = {0};

	capture->fd = open_path(capture, path);
	fault = capture->fd < 0 || fstat(capture->fd, &status) != 0 ? strerror(errno)
								    : fault_of_kind(status.st_mode);
	if (fault == NULL && !S_ISREG(status.st_mode) &&
	    copy_to_file(capture, wait_ms, errors) != 0)
		return -1;
	if (fault == NULL && fstat(capture->fd, &status) == 0 && status.st_size == 0)
		fault = "is empty: not even the header of a capture is there";
	if (fault == NULL)
		return 0;
	errors_add(errors, capture->path, 0, "%s", fault);
	return -1;
}

// Reads all packets. Returns 0, or -1 with an error added.
static int
count_packets(struct capture *capture, struct errors *errors)
{
	char why[READER_WHY_SIZE];
	struct reader *reader = reader_open(capture->fd, why);
	struct captured packet;
	int result = -1;

	if (reader != NULL) {
		while ((result = reader_next(reader, &packet, why)) > 0)
			capture->n_packets++;
		reader_close(reader);
	}
	if (result < 0)
		errors_add(errors, capture->path, 0, "%s", why);
	return result;
}

int
capture_open(struct capture *capture, const char *path, struct errors *errors)
{
	*capture = (struct capture){.path = path, .fd = -1};
	if (open_file(capture, path, errors) == 0 && count_packets(capture, errors) == 0)
		return 0;
	capture_close(capture);
	return -1;
}

void
capture_close(struct capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}
