// SPDX-License-Identifier: BSD-3-Clause
//
// The diagnosis of a machine, represented by a folder, and of a device that does not exist.
#include "runtime/diagnosis.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/machine.h"

#define PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define PCI   "/sys/bus/pci/devices/0000:03:00.0"

static void
hugepages_are_missing(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	assert_non_null(
		strstr(diagnose_hugepages(machine_root(), true, why), "no hugepages are reserved"));
	machine_write(PAGES "nr_hugepages", "0\n");
	assert_non_null(strstr(diagnose_hugepages(machine_root(), false, why),
			       "no hugepages are reserved"));
}

static void
hugetlbfs_is_not_mounted(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	machine_write(PAGES "nr_hugepages", "64\n");
	machine_write(PAGES "free_hugepages", "64\n");
	machine_write("/proc/mounts", "tmpfs /hugetlbfs tmpfs rw 0 0\n");
	assert_non_null(
		strstr(diagnose_hugepages(machine_root(), true, why), "hugetlbfs is not mounted"));
	assert_null(diagnose_hugepages(machine_root(), false, why));
	machine_write("/proc/mounts",
		      "x / ext4 rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw 0 0\n");
	assert_null(diagnose_hugepages(machine_root(), true, why));
}

static void
hugepages_are_in_use(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	machine_write(PAGES "nr_hugepages", "64\n");
	machine_write(PAGES "free_hugepages", "0\n");
	assert_non_null(
		strstr(diagnose_hugepages(machine_root(), false, why), "all hugepages are in use"));
	machine_write("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
	assert_null(diagnose_hugepages(machine_root(), false, why));
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
		// An existing interface is not reported as missing, and -1 does not mean a lack of
		// permission.
		{"net_af_packet0,iface=lo", -1,
		 "its driver refuses it; the lines of DPDK above say more, if anything does"},
		{"net_tap0,iface=nope-0", -ENOMEM, "Cannot allocate memory"},
		{"net_null0", -EBUSY, "Device or resource busy"},
	};
	char why[DIAGNOSIS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
			diagnose_device(machine_root(), cases[i].device, cases[i].error, why),
			cases[i].why);
}

static void
a_nic_has_another_driver(void **state)
{
	char why[DIAGNOSIS_MAX];

	(void)state;
	machine_write(PCI "/vendor", "0x8086\n");
	assert_non_null(strstr(diagnose_device(machine_root(), "03:00.0", -ENODEV, why),
			       "the kernel's driver is none"));
	assert_int_equal(symlink("../../../bus/pci/drivers/ixgbe", machine_path(PCI "/driver")), 0);
	assert_non_null(strstr(diagnose_device(machine_root(), "0000:03:00.0", -ENODEV, why),
			       "the kernel's driver is ixgbe"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hugepages_are_missing, machine_make,
						machine_remove),
		cmocka_unit_test_setup_teardown(hugetlbfs_is_not_mounted, machine_make,
						machine_remove),
		cmocka_unit_test_setup_teardown(hugepages_are_in_use, machine_make, machine_remove),
		cmocka_unit_test_setup_teardown(a_device_is_missing, machine_make, machine_remove),
		cmocka_unit_test_setup_teardown(a_nic_has_another_driver, machine_make,
						machine_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
