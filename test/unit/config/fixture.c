// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[4096];

int
folder_init(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/sallyport-config-XXXXXX",
		 parent == NULL ? P_tmpdir : parent);
	assert_non_null(mkdtemp(folder));
	return 0;
}

static char *
path_of(const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

int
folder_fini(void **state)
{
	DIR *dir = opendir(folder);

	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		char *path = path_of(entry->d_name);

		if (unlink(path) != 0)
			rmdir(path);
		free(path);
	}
	closedir(dir);
	rmdir(folder);
	return 0;
}

void
folder_write_bytes(const char *name, const char *bytes, size_t size)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(path);
}

void
folder_write(const char *name, const char *text)
{
	folder_write_bytes(name, text, strlen(text));
}

// Removes every mention of the folder from the printed text.
static void
remove_folder(char *text)
{
	char *at = text;
	size_t len = strlen(folder) + 1;

	for (at = strstr(at, folder); at != NULL; at = strstr(at, folder))
		memmove(at, at + len, strlen(at + len) + 1);
}

struct loaded
load_file(const char *name)
{
	struct loaded loaded = {0};
	struct errors errors;
	char *path = path_of(name);
	size_t size = 0;

	errors_init(&errors);
	if (config_load(&loaded.config, path, &errors) != 0) {
		FILE *out = open_memstream(&loaded.messages, &size);

		assert_non_null(out);
		errors_print(&errors, out);
		assert_int_equal(fclose(out), 0);
		remove_folder(loaded.messages);
	} else {
		assert_int_equal(errors.count, 0);
	}
	errors_fini(&errors);
	free(path);
	return loaded;
}

struct loaded
load_text(const char *text)
{
	folder_write("main", text);
	return load_file("main");
}

struct loaded
load_good(const char *text)
{
	struct loaded loaded = load_text(text);

	if (loaded.messages != NULL)
		fail_msg("%s", loaded.messages);
	return loaded;
}

void
loaded_fini(struct loaded *loaded)
{
	if (loaded->messages == NULL)
		config_fini(&loaded->config);
	free(loaded->messages);
}
