// SPDX-License-Identifier: BSD-3-Clause
//
// Finds files that a command line names twice, even if by different paths: a hard or symbolic link,
// another path, standard output.
//
// An output that overwrites an input would destroy it, and two outputs in one file would be
// unreadable.
#pragma once

#include "base/errors.h"

enum file_use { FILE_CONFIG, FILE_CAPTURE, FILE_OUTPUT };

struct named_file {
	const char *path;   // "-": standard input for a capture, standard output for an output
	const char *option; // that it was given by, for messages
	enum file_use use;
};

// => Returns 0, or -1 with an error added for every output that is an earlier file of the list, and
//    for standard input if it occurs twice. Devices such as /dev/null may occur any number of
//    times. Opens nothing.
int overlap_check(const struct named_file files[], unsigned int n, struct errors *errors);
