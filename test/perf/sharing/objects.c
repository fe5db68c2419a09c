// SPDX-License-Identifier: BSD-3-Clause
#include "objects.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#define OBJECTS_MAX 4096

static struct {
	struct object list[OBJECTS_MAX]; // in the order of addresses
	unsigned int n;
} known;

// The first that ends behind the address.
static unsigned int
place_of(uint64_t address)
{
	unsigned int low = 0, high = known.n;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (known.list[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct object *
objects_find(uint64_t address)
{
	unsigned int at = place_of(address);

	return at < known.n && known.list[at].begin <= address ? &known.list[at] : NULL;
}

// What overlaps it has been freed meanwhile.
void
objects_add(const char *name, const void *begin, size_t size)
{
	struct object object = {.begin = (uintptr_t)begin, .end = (uintptr_t)begin + size};
	unsigned int at = place_of(object.begin), end = at;
	size_t len;

	if (begin == NULL || size == 0)
		return;
	while (end < known.n && known.list[end].begin < object.end)
		end++;
	if (known.n - (end - at) == OBJECTS_MAX) {
		fputs("sharing: more objects than there is room for\n", stderr);
		exit(EXIT_FAILURE);
	}
	snprintf(object.name, sizeof(object.name), "%s", name == NULL ? "" : name);
	for (len = strlen(object.name); len > 0 && isdigit((unsigned char)object.name[len - 1]);)
		object.name[--len] = '\0';
	memmove(&known.list[at + 1], &known.list[end], (known.n - end) * sizeof(object));
	known.n = known.n - (end - at) + 1;
	known.list[at] = object;
}

// NOLINTBEGIN(bugprone-reserved-identifier): the linker chooses these names.

void *__real_rte_malloc(const char *type, size_t size, unsigned int align);
void *__real_rte_zmalloc(const char *type, size_t size, unsigned int align);
void *__real_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
struct rte_ring *__real_rte_ring_create(const char *name, unsigned int len, int socket,
					unsigned int flags);
struct rte_ring *__real_rte_ring_create_elem(const char *name, unsigned int element,
					     unsigned int len, int socket, unsigned int flags);
void *__wrap_rte_malloc(const char *type, size_t size, unsigned int align);
void *__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align);
void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
struct rte_ring *__wrap_rte_ring_create(const char *name, unsigned int len, int socket,
					unsigned int flags);
struct rte_ring *__wrap_rte_ring_create_elem(const char *name, unsigned int element,
					     unsigned int len, int socket, unsigned int flags);

void *
__wrap_rte_malloc(const char *type, size_t size, unsigned int align)
{
	void *at = __real_rte_malloc(type, size, align);

	objects_add(type, at, size);
	return at;
}

void *
__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align)
{
	void *at = __real_rte_zmalloc(type, size, align);

	objects_add(type, at, size);
	return at;
}

void *
__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *at = __real_rte_zmalloc_socket(type, size, align, socket);

	objects_add(type, at, size);
	return at;
}

struct rte_ring *
__wrap_rte_ring_create(const char *name, unsigned int len, int socket, unsigned int flags)
{
	struct rte_ring *ring = __real_rte_ring_create(name, len, socket, flags);

	if (ring != NULL)
		objects_add(name, ring, (size_t)rte_ring_get_memsize(ring->size));
	return ring;
}

struct rte_ring *
__wrap_rte_ring_create_elem(const char *name, unsigned int element, unsigned int len, int socket,
			    unsigned int flags)
{
	struct rte_ring *ring = __real_rte_ring_create_elem(name, element, len, socket, flags);

	if (ring != NULL)
		objects_add(name, ring, (size_t)rte_ring_get_memsize_elem(element, ring->size));
	return ring;
}

// NOLINTEND(bugprone-reserved-identifier)
