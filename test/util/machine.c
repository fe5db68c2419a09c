// SPDX-License-Identifier: BSD-3-Clause
#include "util/machine.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char pattern[] = "/tmp/sallyport-machine-XXXXXX";
static char root[sizeof(pattern)];

int
machine_make(void **state)
{
	(void)state;
	memcpy(root, pattern, sizeof(pattern));
	return mkdtemp(root) == NULL ? -1 : 0;
}

int
machine_remove(void **state)
{
	char command[sizeof(root) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command); // NOLINT(cert-env33-c): a folder of our own
}

const char *
machine_root(void)
{
	return root;
}

const char *
machine_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	return path;
}

void
machine_write(const char *name, const char *text)
{
	FILE *file = fopen(machine_path(name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
