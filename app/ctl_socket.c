// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int
ctl_socket_path(const char *file_prefix, char *path, size_t size)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");
	int len;

	if (directory == NULL && getuid() == 0)
		directory = "/var/run";
	if (directory == NULL)
		directory = getenv("XDG_RUNTIME_DIR");
	if (directory == NULL)
		directory = "/tmp";
	len = snprintf(path, size, "%s/dpdk/%s/dpdk_telemetry.v2", directory, file_prefix);
	return len < 0 || (size_t)len >= size ? -1 : 0;
}

int
ctl_socket_connect(const char *path, int type)
{
	const struct timeval timeout = {.tv_sec = CTL_ANSWER_SEC};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int result, saved;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	result = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (result < 0)
		return -1;
	if (setsockopt(result, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    setsockopt(result, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
	    connect(result, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return result;
	saved = errno;
	close(result);
	errno = saved;
	return -1;
}

// Text from a socket may contain anything: a control character could end the line or control the
// terminal.
void
ctl_report(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	fprintf(stderr, "sallyctl: %s\n", line);
}
