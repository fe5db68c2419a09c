// SPDX-License-Identifier: BSD-3-Clause
//
// Mistakes of the user, collected so that all of them are reported at once.
//
// Life cycle: errors_init, any number of errors_add, errors_print, errors_fini. One thread.
#pragma once

#include <stdio.h>

struct errors {
	struct error *list; // owned
	unsigned int count;
	unsigned int capacity;
};

void errors_init(struct errors *errors);

// Frees the texts; the list is empty and may be used again.
void errors_fini(struct errors *errors);

// Adds one error about a place in a file. The texts are copied. Without a file, NULL, no place is
// known, and line is 0, which otherwise means the whole file.
// => When memory runs out, prints that on standard error and aborts.
void errors_add(struct errors *errors, const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// Prints one line per error, FILE:LINE: message, sorted by file, line and arrival. Names and
// messages are escaped, see base/escape.h.
void errors_print(const struct errors *errors, FILE *out);
