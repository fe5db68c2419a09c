// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/diagnosis.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <mntent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>

// The sum of the numbers in the files that match a pattern.
static unsigned long long
sum_files(const char *root, const char *pattern)
{
	unsigned long long sum = 0;
	char path[PATH_MAX];
	glob_t found;

	snprintf(path, sizeof(path), "%s%s", root, pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *file = fopen(found.gl_pathv[i], "re");
		unsigned long long number;

		if (file == NULL)
			continue;
		if (fscanf(file, "%llu", &number) == 1)
			sum += number;
		fclose(file);
	}
	globfree(&found);
	return sum;
}

static bool
has_hugetlbfs(const char *root)
{
	char path[PATH_MAX];
	struct mntent *mount;
	bool found = false;
	FILE *mounts;

	snprintf(path, sizeof(path), "%s/proc/mounts", root);
	mounts = setmntent(path, "re");
	if (mounts == NULL)
		return false;
	while (!found && (mount = getmntent(mounts)) != NULL)
		found = strcmp(mount->mnt_type, "hugetlbfs") == 0;
	endmntent(mounts);
	return found;
}

const char *
diagnose_hugepages(const char *root, bool is_mount_needed, char why[DIAGNOSIS_MAX])
{
	const char *text = NULL;

	if (sum_files(root, "/sys/kernel/mm/hugepages/hugepages-*/nr_hugepages") == 0)
		text = "no hugepages are reserved: sallyport-hugepages reserve SIZE does that; "
		       "without any, add -- --no-huge";
	else if (is_mount_needed && !has_hugetlbfs(root))
		text = "hugetlbfs is not mounted: mount -t hugetlbfs none /dev/hugepages, or add "
		       "-- --in-memory";
	else if (sum_files(root, "/sys/kernel/mm/hugepages/hugepages-*/free_hugepages") == 0)
		text = "all hugepages are in use: sallyport-hugepages reserve SIZE makes them more";
	if (text != NULL)
		snprintf(why, DIAGNOSIS_MAX, "%s", text);
	return text == NULL ? NULL : why;
}

// Copies the value of an argument of a device, "net_tap0,iface=lan0". Returns false if it has none.
static bool
copy_argument(const char *device, const char *key, char value[DIAGNOSIS_MAX])
{
	const char *at = strstr(device, key);
	size_t len;

	if (at == NULL)
		return false;
	at += strlen(key);
	len = strcspn(at, ",");
	snprintf(value, DIAGNOSIS_MAX, "%.*s", (int)len, at);
	return true;
}

// The kernel interface that a device uses; net_tap creates its own.
static bool
copy_interface(const char *device, char interface[DIAGNOSIS_MAX])
{
	if (strncmp(device, "net_tap", strlen("net_tap")) == 0)
		return copy_argument(device, ",remote=", interface);
	return copy_argument(device, ",iface=", interface);
}

// An address as 0000:03:00.0, the domain of which may be left out.
static bool
copy_pci_address(const char *device, char address[DIAGNOSIS_MAX])
{
	unsigned int domain = 0, bus, slot, function;
	int len = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &len) != 4) {
		domain = 0;
		if (sscanf(device, "%2x:%2x.%1x%n", &bus, &slot, &function, &len) != 3)
			return false;
	}
	if (device[len] != '\0' && device[len] != ',')
		return false;
	snprintf(address, DIAGNOSIS_MAX, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

static void
explain_pci(const char *root, const char *address, char why[DIAGNOSIS_MAX])
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *driver;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", root, address);
	if (access(path, F_OK) != 0) {
		snprintf(why, DIAGNOSIS_MAX, "there is no PCI device %s", address);
		return;
	}
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver", root, address);
	len = readlink(path, target, sizeof(target) - 1);
	target[len < 0 ? 0 : len] = '\0';
	driver = strrchr(target, '/');
	snprintf(why, DIAGNOSIS_MAX,
		 "DPDK has no driver for it, or is not to use PCI; the kernel's driver is %.64s, "
		 "and "
		 "sallyport-bind-nic binds it to another",
		 driver == NULL ? "none" : driver + 1);
}

const char *
diagnose_device(const char *root, const char *device, int error, char why[DIAGNOSIS_MAX])
{
	char name[DIAGNOSIS_MAX];

	error = abs(error);
	if (copy_interface(device, name) && if_nametoindex(name) == 0)
		snprintf(why, DIAGNOSIS_MAX, "there is no interface \"%.64s\"", name);
	else if (error == ENODEV && copy_pci_address(device, name))
		explain_pci(root, name, why);
	else if (error == EFAULT) // no bus recognises the name
		snprintf(why, DIAGNOSIS_MAX, "DPDK knows no such device or driver");
	else if (error == EPERM) // -1, which is what most drivers return
		snprintf(why, DIAGNOSIS_MAX,
			 "its driver refuses it; the lines of DPDK above say more, if anything "
			 "does");
	else
		snprintf(why, DIAGNOSIS_MAX, "%s", rte_strerror(error));
	return why;
}
