// SPDX-License-Identifier: BSD-3-Clause
//
// Any texts as configuration files that include each other: they are loaded or refused with errors,
// each in a line that its file has, and nothing leaks.
//
// Zero bytes separate the files, which are called main, a, b and so on.
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"
#include "input.h"

#define FILES_MAX 6

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void); // NOLINT(bugprone-reserved-identifier)

static const char *const names[FILES_MAX] = {"main", "a", "b", "c", "d", "e"};

static char folder[] = "/tmp/sallyport-fuzz-XXXXXX";
static char paths[FILES_MAX][sizeof(folder) + 8];
static unsigned int n_lines[FILES_MAX]; // 0: there is no such file

// libconfig 1.5 leaks the last string before a syntax error.
const char *
__lsan_default_suppressions(void) // NOLINT(bugprone-reserved-identifier)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static void
remove_folder(void)
{
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (unsigned int n = 0; n < FILES_MAX; n++)
		snprintf(paths[n], sizeof(paths[n]), "%s/%s", folder, names[n]);
	return atexit(remove_folder);
}

// Writes these bytes to the file with this number.
static void
write_file(unsigned int n, const uint8_t *bytes, size_t len)
{
	FILE *file = fopen(paths[n], "w");

	check(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
	n_lines[n] = 1;
	for (size_t i = 0; i < len; i++)
		n_lines[n] += bytes[i] == '\n';
}

static void
write_files(const uint8_t *data, size_t size)
{
	for (unsigned int n = 0; n < FILES_MAX; n++) {
		const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
		size_t len = end == NULL ? size : (size_t)(end - data);

		n_lines[n] = 0;
		(void)unlink(paths[n]);
		if (n > 0 && size == 0)
			continue;
		write_file(n, data, len);
		len += end != NULL;
		data += len;
		size -= len;
	}
}

// FILE:LINE: message, or FILE: message. Files of the machine may have been included as well.
static void
check_line(const char *line)
{
	size_t len = strcspn(line, ":");
	bool is_ours = strncmp(line, folder, strlen(folder)) == 0;

	for (unsigned int n = 0; n < FILES_MAX; n++) {
		if (len == strlen(paths[n]) && memcmp(line, paths[n], len) == 0) {
			check(strtoul(line + len + 1, NULL, 10) <= n_lines[n]);
			is_ours = false;
		}
	}
	check(line[len] == ':' && !is_ours);
}

static void
check_errors(const struct errors *errors)
{
	char *text = NULL, *rest, *line;
	size_t size;
	unsigned int n = 0;
	FILE *file = open_memstream(&text, &size);

	check(file != NULL);
	errors_print(errors, file);
	check(fclose(file) == 0);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL && rest != NULL; n++)
		check_line(line);
	check(n == errors->count);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct errors errors;

	write_files(data, size);
	errors_init(&errors);
	if (config_load(&config, paths[0], &errors) == 0) {
		check(errors.count == 0);
		config_fini(&config);
	} else {
		check(errors.count > 0);
	}
	check_errors(&errors);
	errors_fini(&errors);
	return 0;
}
