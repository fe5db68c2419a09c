// SPDX-License-Identifier: BSD-3-Clause
//
// What lies where: pieces of memory by the names that they were allocated with ("pipeline",
// "expired3", ...). The linker leads the allocators here (--wrap).
//
// Life cycle: static. One thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define OBJECT_NAME_SIZE 24

struct object {
	uint64_t begin;
	uint64_t end;
	char name[OBJECT_NAME_SIZE]; // without the number at its end
};

void objects_add(const char *name, const void *begin, size_t size);

// What the address belongs to, NULL when nobody has said.
const struct object *objects_find(uint64_t address);
