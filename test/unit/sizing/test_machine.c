// SPDX-License-Identifier: BSD-3-Clause
//
// The limits of control groups, in files as /proc and /sys have them.
#include "sizing/machine.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/sallyport-machine-XXXXXX";

static int
make_root(void **state)
{
	(void)state;
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int
remove_root(void **state)
{
	char command[sizeof(root) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command); // NOLINT(cert-env33-c): the name is our own
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, folder);
	for (char *at = path + strlen(root) + 1; at != NULL; at = strchr(at + 1, '/')) {
		*strchrnul(at, '/') = '\0';
		mkdir(path, 0700);
		snprintf(path, sizeof(path), "%s%s", root, folder);
	}
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static uint64_t
physical(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
without_groups_it_is_all_there_is(void **state)
{
	(void)state;
	assert_int_equal(machine_memory_bytes(root), physical());
}

static void
the_smallest_limit_of_the_groups_around_counts(void **state)
{
	(void)state;
	write_file("/proc/self", "cgroup", "1:cpu:/other\n0::/outer/inner\n");
	write_file("/sys/fs/cgroup/outer/inner", "memory.max", "max\n");
	assert_int_equal(machine_memory_bytes(root), physical());
	write_file("/sys/fs/cgroup/outer", "memory.max", "1048576\n");
	assert_int_equal(machine_memory_bytes(root), 1048576);
	write_file("/sys/fs/cgroup/outer/inner", "memory.max", "65536\n");
	assert_int_equal(machine_memory_bytes(root), 65536);
	write_file("/sys/fs/cgroup/outer/inner", "memory.max", "18446744073709551615\n");
	assert_int_equal(machine_memory_bytes(root), 1048576);
}

static void
a_container_is_the_root_of_its_groups(void **state)
{
	(void)state;
	write_file("/proc/self", "cgroup", "0::/\n");
	write_file("/sys/fs/cgroup", "memory.max", "4096\n");
	assert_int_equal(machine_memory_bytes(root), 4096);
}

static void
there_is_a_cpu(void **state)
{
	(void)state;
	assert_true(machine_n_cpus() >= 1);
	assert_true(machine_n_cpus() <= (unsigned int)sysconf(_SC_NPROCESSORS_CONF));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_groups_it_is_all_there_is),
		cmocka_unit_test(the_smallest_limit_of_the_groups_around_counts),
		cmocka_unit_test(a_container_is_the_root_of_its_groups),
		cmocka_unit_test(there_is_a_cpu),
	};

	return cmocka_run_group_tests_name("machine", tests, make_root, remove_root);
}
