// SPDX-License-Identifier: BSD-3-Clause
//
// Only the frame of the format is read here (draft-ietf-opsawg-pcapng, 3.1 and 4.2): blocks of a
// type and a length, in the byte order that the section header before them says.
#include "replay/pcapng.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define ORDER_MAGIC     0x1A2B3C4Du
#define BLOCK_MIN       12u // type, length, length again
#define SNAPLEN_OFF     12u // in an interface block
#define NO_LIMIT        0u

struct walk {
	uint8_t *bytes;
	uint64_t size;
	uint64_t at; // of the next block
	bool is_swapped;
};

static uint32_t
word(const struct walk *walk, uint64_t at)
{
	uint32_t value;

	memcpy(&value, walk->bytes + at, sizeof(value));
	return walk->is_swapped ? __builtin_bswap32(value) : value;
}

// The next block, which is whole. Returns false at the end, or where the file is damaged.
static bool
next_block(struct walk *walk, uint64_t *block, uint32_t *type)
{
	uint32_t len;

	if (walk->size - walk->at < BLOCK_MIN)
		return false;
	*block = walk->at;
	*type = word(walk, walk->at);
	if (*type == BLOCK_SECTION && word(walk, walk->at + 8) != ORDER_MAGIC)
		walk->is_swapped = !walk->is_swapped;
	len = word(walk, walk->at + 4);
	if (len < BLOCK_MIN || len > walk->size - walk->at)
		return false;
	walk->at += len;
	return true;
}

static bool
is_interface(const struct walk *walk, uint64_t block, uint32_t type)
{
	return type == BLOCK_INTERFACE && walk->at - block >= SNAPLEN_OFF + 2 * sizeof(uint32_t);
}

static bool
needs_levelling(uint8_t *bytes, uint64_t size)
{
	struct walk walk = {.bytes = bytes, .size = size};
	uint64_t block;
	uint32_t type, first = 0;
	unsigned int n = 0;

	while (next_block(&walk, &block, &type)) {
		uint32_t snaplen;

		if (!is_interface(&walk, block, type))
			continue;
		snaplen = word(&walk, block + SNAPLEN_OFF);
		if (n++ == 0)
			first = snaplen;
		else if (snaplen != first)
			return true;
	}
	return false;
}

static void
level(uint8_t *bytes, uint64_t size)
{
	struct walk walk = {.bytes = bytes, .size = size};
	const uint32_t no_limit = NO_LIMIT;
	uint64_t block;
	uint32_t type;

	while (next_block(&walk, &block, &type)) {
		if (is_interface(&walk, block, type))
			memcpy(bytes + block + SNAPLEN_OFF, &no_limit, sizeof(no_limit));
	}
}

static int
copy_levelled(const uint8_t *bytes, uint64_t size)
{
	int fd = memfd_create("pcapng", MFD_CLOEXEC);
	uint8_t *copy;

	if (fd < 0)
		return -1;
	copy = ftruncate(fd, (off_t)size) != 0
		       ? MAP_FAILED
		       : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (copy == MAP_FAILED) {
		close(fd);
		return -1;
	}
	memcpy(copy, bytes, size);
	level(copy, size);
	munmap(copy, size);
	return fd;
}

int
pcapng_level(int fd)
{
	struct stat status;
	uint8_t *bytes;
	uint32_t magic = 0;
	int result = -1;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < BLOCK_MIN ||
	    pread(fd, &magic, sizeof(magic), 0) != sizeof(magic) || magic != BLOCK_SECTION)
		return -1;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	if (needs_levelling(bytes, (uint64_t)status.st_size))
		result = copy_levelled(bytes, (uint64_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return result;
}
