// SPDX-License-Identifier: BSD-3-Clause
//
// Memory for settings and their loader. If the system has no memory left, prints that and aborts,
// like base/errors, so that callers need not check.
#pragma once

#include <stddef.h>

// Makes room for one more element after the first n, each of size bytes.
// => list is a pointer that free(3) takes, NULL when n is 0. Returns it, possibly moved.
// => Doubles, so that n calls cost O(n). *capacity counts elements and starts at 0.
void *cfg_grow(void *list, size_t n, size_t *capacity, size_t size);

// strdup(3) that never fails.
char *cfg_strdup(const char *text);

// asprintf(3) that never fails; returns the text, owned by the caller.
char *cfg_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
