// SPDX-License-Identifier: BSD-3-Clause
//
// Any text as a configuration file: it is loaded or refused with errors, and nothing leaks.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void); // NOLINT(bugprone-reserved-identifier)

// libconfig 1.5 leaks the last string before a syntax error.
const char *
__lsan_default_suppressions(void) // NOLINT(bugprone-reserved-identifier)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

// The errors are printed to a discarded stream, so that their texts are read to the end.
static void
load(const char *path)
{
	struct config config;
	struct errors errors;
	FILE *nowhere = fopen("/dev/null", "w");

	errors_init(&errors);
	if (config_load(&config, path, &errors) == 0) {
		if (errors.count != 0)
			abort();
		config_fini(&config);
	} else if (errors.count == 0) {
		abort();
	}
	if (nowhere != NULL) {
		errors_print(&errors, nowhere);
		fclose(nowhere);
	}
	errors_fini(&errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = memfd_create("config", 0);

	if (fd < 0)
		return -1;
	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		load(path);
	}
	close(fd);
	return 0;
}
