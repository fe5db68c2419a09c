// SPDX-License-Identifier: BSD-3-Clause
#include "replay/overlap.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 // symbolic links in a row, the kernel's limit

// The identity of a file independent of its path: the file, or folder and name if it does not exist
// yet.
struct identity {
	bool is_known;
	bool is_shareable; // a device or a socket
	dev_t device;
	ino_t inode;             // of the file or its folder
	char name[NAME_MAX + 1]; // in the folder; empty: the file exists
};

static struct identity
identity_of(const struct stat *status)
{
	return (struct identity){
		.is_known = true,
		.is_shareable = S_ISCHR(status->st_mode) || S_ISSOCK(status->st_mode),
		.device = status->st_dev,
		.inode = status->st_ino,
	};
}

// Splits a path into folder, which replaces it, and name.
static const char *
split(char path[PATH_MAX], char name[NAME_MAX + 1])
{
	char *slash = strrchr(path, '/');
	const char *last = slash == NULL ? path : slash + 1;
	const size_t len = strnlen(last, NAME_MAX); // the longest name

	memcpy(name, last, len);
	name[len] = '\0';
	if (slash == NULL)
		return ".";
	slash[slash == path] = '\0';
	return path;
}

// Replaces the path of a symbolic link by its target. Returns false if it is not a link.
static bool
follow(char path[PATH_MAX])
{
	char target[PATH_MAX], folder[PATH_MAX], name[NAME_MAX + 1], followed[2 * PATH_MAX + 1];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return false;
	target[len] = '\0';
	snprintf(folder, sizeof(folder), "%s", path);
	if (target[0] == '/')
		snprintf(followed, sizeof(followed), "%s", target);
	else
		snprintf(followed, sizeof(followed), "%s/%s", split(folder, name), target);
	if (strlen(followed) >= PATH_MAX)
		return false;
	memcpy(path, followed, strlen(followed) + 1);
	return true;
}

static struct identity
identify(const struct named_file *file)
{
	struct identity identity = {0};
	char path[PATH_MAX];
	struct stat status;

	if (file->use != FILE_CONFIG && strcmp(file->path, "-") == 0)
		return fstat(file->use == FILE_OUTPUT ? STDOUT_FILENO : STDIN_FILENO, &status) == 0
			       ? identity_of(&status)
			       : identity;
	if (stat(file->path, &status) == 0)
		return identity_of(&status);
	if (snprintf(path, sizeof(path), "%s", file->path) >= (int)sizeof(path))
		return identity; // it cannot be opened either
	for (int i = 0; i < LINKS_MAX && follow(path); i++)
		;
	if (stat(split(path, identity.name), &status) != 0)
		return identity;
	identity.is_known = true;
	identity.device = status.st_dev;
	identity.inode = status.st_ino;
	return identity;
}

static bool
are_one(const struct named_file *a, const struct named_file *b)
{
	struct identity one, other;

	if (a->use == b->use && strcmp(a->path, "-") == 0 && strcmp(b->path, "-") == 0)
		return true;
	if (a->use != FILE_OUTPUT && b->use != FILE_OUTPUT)
		return false;
	one = identify(a);
	other = identify(b);
	return one.is_known && other.is_known && !one.is_shareable && one.device == other.device &&
	       one.inode == other.inode && strcmp(one.name, other.name) == 0;
}

int
overlap_check(const struct named_file files[], unsigned int n, struct errors *errors)
{
	int result = 0;

	for (unsigned int i = 1; i < n; i++) {
		for (unsigned int k = 0; k < i; k++) {
			if (!are_one(&files[k], &files[i]))
				continue;
			errors_add(errors, files[i].path, 0, "is named twice, by %s and %s",
				   files[k].option, files[i].option);
			result = -1;
			break;
		}
	}
	return result;
}
