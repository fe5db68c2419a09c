// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration file with all included files as one text, with the origin of each line.
//
// libconfig gets this text instead of the file, because release 1.5, which Debian 12 has,
// mishandles files:
// - it ends the process if an included file cannot be read (a directory),
// - it silently reads 4294967297 as 1,
// - a comment that is never closed silently swallows the rest of the file,
// - it does not know the folder of an included file, and refuses absolute names,
// - it gives the last string of an array the line of the closing bracket.
// Here @include is resolved (relative to the folder of the main file, as libconfig does), a byte
// order mark is removed, integers with the suffix L are refused, comments are blanked, integers
// that do not fit into 32 bits become libconfig's 64-bit integers, and line breaks between a string
// and the separator after it move after the separator.
//
// Life cycle: cfg_text_read fills it, even if it fails; cfg_text_fini frees it. One thread.
#pragma once

#include <stddef.h>

#include "base/errors.h"

#define CFG_INCLUDES_MAX  256                // files, the main one included
#define CFG_TEXT_SIZE_MAX ((size_t)64 << 20) // bytes, of all files together

struct cfg_place {
	const char *file; // owned by the text
	unsigned int line;
};

struct cfg_text {
	char *bytes; // owned; ends with its only zero byte
	size_t size; // without the zero byte
	size_t capacity;
	struct cfg_place *lines; // owned; lines[i] is where line i + 1 of bytes came from
	size_t n_lines;
	size_t lines_capacity;
	char **files; // owned, each of them too
	size_t n_files;
	size_t files_capacity;
};

// => Returns 0, or -1 with errors added. text needs cfg_text_fini in both cases.
int cfg_text_read(struct cfg_text *text, const char *file, struct errors *errors);
void cfg_text_fini(struct cfg_text *text);

// Hands over the names of the files to the caller, who frees them; places stay valid.
void cfg_text_give_files(struct cfg_text *text, char ***files, size_t *n_files);

// Where a line of the text came from; lines count from 1. Line 0, which libconfig uses for no line,
// counts as line 1.
struct cfg_place cfg_text_place(const struct cfg_text *text, unsigned int line);
