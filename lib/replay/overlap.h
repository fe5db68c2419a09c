// SPDX-License-Identifier: BSD-3-Clause
//
// Files that a command line names twice, whatever it calls them: a hard or symbolic link, another
// way through the folders, standard output.
//
// What is written over what is read is lost, and of two outputs in one file neither can be read.
#pragma once

#include "base/errors.h"

enum file_use { FILE_CONFIG, FILE_CAPTURE, FILE_OUTPUT };

struct named_file {
	const char *path;   // "-": standard input for a capture, standard output for an output
	const char *option; // that names it, for messages
	enum file_use use;
};

// => Returns 0, or -1 with an error added for every output that is a file before it in the list,
//    and for standard input that is there twice. Devices, as /dev/null, may be there as often as
//    one likes. Opens nothing.
int overlap_check(const struct named_file files[], unsigned int n, struct errors *errors);
