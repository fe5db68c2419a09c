// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration file and all it includes, as one text that remembers where each line came from.
//
// libconfig is handed this text instead of the file, because its release 1.5, which is what Debian
// has, is not to be trusted with files:
// - it ends the process when an included file cannot be read (a directory),
// - it reads 4294967297 as 1, without a word,
// - a comment that is never closed silently swallows the rest of the file,
// - it knows the name of an included file without its folder, and refuses absolute names,
// - it gives the last string of an array the line of the bracket behind it.
// Here @include is resolved (relative to the folder of the main file, as libconfig does), a byte
// order mark is left out, an integer with the suffix L refused, comments are blanked, integers that
// do not fit into 32 bits become libconfig's 64-bit integers, and line breaks between a string and
// the separator behind it move behind the separator.
//
// Life cycle: cfg_text_read fills it, whatever it returns; cfg_text_fini frees it. One thread.
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
	char *bytes; // owned; ends with a zero byte, holds no other
	size_t size; // without the zero byte
	size_t capacity;
	struct cfg_place *lines; // owned; lines[i] is where line i + 1 of bytes came from
	size_t n_lines;
	size_t lines_capacity;
	char **files; // owned, each of them too
	size_t n_files;
	size_t files_capacity;
};

// => Returns 0, or -1 with what is wrong added to errors. text needs cfg_text_fini either way.
int cfg_text_read(struct cfg_text *text, const char *file, struct errors *errors);
void cfg_text_fini(struct cfg_text *text);

// Hands the names of the files over to the caller, who frees them: places stay what they are.
void cfg_text_give_files(struct cfg_text *text, char ***files, size_t *n_files);

// Where a line of the text came from; lines count from 1. What is in no line, which libconfig
// calls line 0, is put at the first one.
struct cfg_place cfg_text_place(const struct cfg_text *text, unsigned int line);
