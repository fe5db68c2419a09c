// SPDX-License-Identifier: BSD-3-Clause
#include "sizing/machine.h"

#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The PATH of the line "0::/PATH" of cgroups version 2; "" if there is none.
static void
read_group(const char *root, char *group, size_t size)
{
	char path[PATH_MAX], line[PATH_MAX];
	FILE *file;

	group[0] = '\0';
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(group, size, "%s", line + 3);
	}
	fclose(file);
}

// The limit of a group; UINT64_MAX if it has none ("max") or it cannot be read.
static uint64_t
read_limit(const char *root, const char *group)
{
	char path[2 * PATH_MAX];
	uint64_t limit = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s/memory.max", root, group);
	file = fopen(path, "re");
	if (file == NULL)
		return UINT64_MAX;
	if (fscanf(file, "%" SCNu64, &limit) != 1)
		limit = UINT64_MAX;
	fclose(file);
	return limit;
}

uint64_t
machine_memory_bytes(const char *root)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	char group[PATH_MAX];
	char *end;

	read_group(root, group, sizeof(group));
	// A group is also bound by the limits of its parents.
	while ((end = strrchr(group, '/')) != NULL) {
		uint64_t limit = read_limit(root, group);

		bytes = limit < bytes ? limit : bytes;
		*end = '\0';
	}
	return bytes;
}

unsigned int
machine_n_cpus(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 1;
	return (unsigned int)CPU_COUNT(&cpus);
}
