// SPDX-License-Identifier: BSD-3-Clause
//
// Errors a user made, collected so that all of them are reported at once.
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

// Adds one error about a place in a file. The texts are copied.
// => file may be NULL (no place is known); line 0 means the whole file.
// => When memory runs out the process is told so on standard error and aborts.
void errors_add(struct errors *errors, const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// Prints one line each, FILE:LINE: message, in order of file, line and arrival. Whatever names and
// messages hold, see base/escape.h.
void errors_print(const struct errors *errors, FILE *out);
