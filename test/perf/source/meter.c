// SPDX-License-Identifier: BSD-3-Clause
#include "meter.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t
meter_longest(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < METER_LINEAR)
		return bucket;
	shift = bucket / (METER_LINEAR / 2) - 1;
	// The last one of all has every bit set.
	return ((uint64_t)(bucket - shift * (METER_LINEAR / 2) + 1) << shift) - 1;
}

static struct meter *
map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *memory = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct meter)) == 0)
		memory =
			mmap(NULL, sizeof(struct meter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		perror(path);
	if (fd >= 0)
		close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

struct meter *
meter_create(const char *path, uint64_t hz)
{
	struct meter *meter = map(path);

	if (meter == NULL)
		return NULL;
	for (unsigned int i = 0; i < METER_BUCKETS; i++)
		meter->longest_ns[i] = (uint64_t)((double)meter_longest(i) * 1e9 / (double)hz);
	// Whoever sees this sees the rest.
	__atomic_store_n(&meter->n_buckets, METER_BUCKETS, __ATOMIC_RELEASE);
	return meter;
}
