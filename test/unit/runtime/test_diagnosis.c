// SPDX-License-Identifier: BSD-3-Clause
//
// What is said about a machine, written here as a folder, and about a device that is not there.
#include "runtime/diagnosis.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define PCI   "/sys/bus/pci/devices/0000:03:00.0"

static char root[] = "/tmp/sallyport-diagnosis-XXXXXX";

// The path of a file of the machine, its folders made.
static const char *
prepare(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(prepare(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int
set_up(void **state)
{
	(void)state;
	memset(root + strlen(root) - 6, 'X', 6);
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[sizeof(root) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command); // NOLINT(cert-env33-c): a folder of our own
}

static void
hugepages_are_missing(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	assert_non_null(strstr(diagnose_hugepages(root, true, why), "no hugepages are reserved"));
	write_file(PAGES "nr_hugepages", "0\n");
	assert_non_null(strstr(diagnose_hugepages(root, false, why), "no hugepages are reserved"));
}

static void
hugetlbfs_is_not_mounted(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	write_file(PAGES "nr_hugepages", "64\n");
	write_file(PAGES "free_hugepages", "64\n");
	write_file("/proc/mounts", "tmpfs /hugetlbfs tmpfs rw 0 0\n");
	assert_non_null(strstr(diagnose_hugepages(root, true, why), "hugetlbfs is not mounted"));
	assert_null(diagnose_hugepages(root, false, why));
	write_file("/proc/mounts", "x / ext4 rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw 0 0\n");
	assert_null(diagnose_hugepages(root, true, why));
}

static void
hugepages_are_in_use(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	write_file(PAGES "nr_hugepages", "64\n");
	write_file(PAGES "free_hugepages", "0\n");
	assert_non_null(strstr(diagnose_hugepages(root, false, why), "all hugepages are in use"));
	write_file("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
	assert_null(diagnose_hugepages(root, false, why));
}

static void
a_device_is_missing(void **state)
{
	static const struct {
		const char *device;
		int error;
		const char *why;
	} cases[] = {
		{"net_af_packet0,iface=nope-0", -1, "there is no interface \"nope-0\""},
		{"net_af_packet0,blocksz=4096,iface=nope-0,framesz=2048", -1,
		 "there is no interface \"nope-0\""},
		{"net_tap0,iface=lan0,remote=nope-0", -1, "there is no interface \"nope-0\""},
		{"0000:04:00.0", -ENODEV, "there is no PCI device 0000:04:00.0"},
		{"04:00.1,arg=1", ENODEV, "there is no PCI device 0000:04:00.1"},
		{"net_foo0", -EFAULT, "DPDK knows no such device or driver"},
		// What is there is not said to be missing, and -1 is no lack of permission.
		{"net_af_packet0,iface=lo", -1,
		 "its driver refuses it; the lines of DPDK above say more, if anything does"},
		{"net_tap0,iface=nope-0", -ENOMEM, "Cannot allocate memory"},
		{"net_null0", -EBUSY, "Device or resource busy"},
	};
	char why[DIAGNOSIS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(diagnose_device(root, cases[i].device, cases[i].error, why),
				    cases[i].why);
}

static void
a_nic_has_another_driver(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	write_file(PCI "/vendor", "0x8086\n");
	assert_non_null(strstr(diagnose_device(root, "03:00.0", -ENODEV, why),
			       "the kernel's driver is none"));
	assert_int_equal(symlink("../../../bus/pci/drivers/ixgbe", prepare(PCI "/driver")), 0);
	assert_non_null(strstr(diagnose_device(root, "0000:03:00.0", -ENODEV, why),
			       "the kernel's driver is ixgbe"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hugepages_are_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hugetlbfs_is_not_mounted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hugepages_are_in_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_is_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_nic_has_another_driver, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
