// SPDX-License-Identifier: BSD-3-Clause
//
// Finds out why EAL did not start or a device did not open: DPDK's own answer is a number that
// often means nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DIAGNOSIS_MAX 256

// What is wrong with the machine's hugepages. Returns why, or NULL when they look good. root is ""
// for this machine, or a folder that has the files of another one. is_mount_needed says that EAL
// wants a hugetlbfs, as it does without --in-memory.
const char *diagnose_hugepages(const char *root, bool is_mount_needed, char why[DIAGNOSIS_MAX]);

// What is wrong with a device that DPDK refused with an error, an errno of either sign. Returns
// why. root is as above, for PCI devices; interfaces are those of this network namespace.
const char *diagnose_device(const char *root, const char *device, int error,
			    char why[DIAGNOSIS_MAX]);
