// SPDX-License-Identifier: BSD-3-Clause
//
// The limits of control groups, in files as /proc and /sys have them.
#include "sizing/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/machine.h"

static uint64_t
physical(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
without_groups_it_is_all_there_is(void **state)
{
	(void)state;
	assert_int_equal(machine_memory_bytes(machine_root()), physical());
}

static void
the_smallest_limit_of_the_groups_around_counts(void **state)
{
	(void)state;
	machine_write("/proc/self/cgroup", "1:cpu:/other\n0::/outer/inner\n");
	machine_write("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
	assert_int_equal(machine_memory_bytes(machine_root()), physical());
	machine_write("/sys/fs/cgroup/outer/memory.max", "1048576\n");
	assert_int_equal(machine_memory_bytes(machine_root()), 1048576);
	machine_write("/sys/fs/cgroup/outer/inner/memory.max", "65536\n");
	assert_int_equal(machine_memory_bytes(machine_root()), 65536);
	machine_write("/sys/fs/cgroup/outer/inner/memory.max", "18446744073709551615\n");
	assert_int_equal(machine_memory_bytes(machine_root()), 1048576);
}

static void
a_container_is_the_root_of_its_groups(void **state)
{
	(void)state;
	machine_write("/proc/self/cgroup", "0::/\n");
	machine_write("/sys/fs/cgroup/memory.max", "4096\n");
	assert_int_equal(machine_memory_bytes(machine_root()), 4096);
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

	return cmocka_run_group_tests_name("machine", tests, machine_make, machine_remove);
}
