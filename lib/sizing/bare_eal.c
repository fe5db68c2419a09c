// SPDX-License-Identifier: BSD-3-Clause
#include "sizing/bare_eal.h"

#include <sched.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_string_fns.h>

#include "base/contract.h"
#include "sizing/footprint.h"

// The CPUs that this process may use, in the format of EAL's --lcores: ranges separated by commas.
static void
list_cpus(char *text, size_t size)
{
	cpu_set_t cpus;
	size_t len = 0;

	CPU_ZERO(&cpus);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		CPU_SET(0, &cpus);
	text[0] = '\0';
	for (int first = 0; first < RTE_MAX_LCORE && len < size; first++) {
		int last = first;

		if (!CPU_ISSET(first, &cpus))
			continue;
		while (last + 1 < RTE_MAX_LCORE && CPU_ISSET(last + 1, &cpus))
			last++;
		len += (size_t)snprintf(text + len, size - len, "%s%d-%d", len == 0 ? "" : ",",
					first, last);
		first = last;
	}
}

int
bare_eal_start(uint64_t bytes, struct errors *errors)
{
	char cpus[RTE_MAX_LCORE * 4];
	char line[sizeof(cpus) + 160];
	char *arguments[16];
	int n;

	CONTRACT_MAIN_THREAD();
	list_cpus(cpus, sizeof(cpus));
	snprintf(line, sizeof(line),
		 "sallyport --no-huge -m %u --no-pci --no-shconf --no-telemetry --lcores 0@(%s) "
		 "--log-level *:error",
		 footprint_mib(bytes), cpus);
	n = rte_strsplit(line, sizeof(line), arguments, RTE_DIM(arguments), ' ');
	rte_errno = 0;
	if (rte_eal_init(n, arguments) >= 0)
		return 0;
	errors_add(errors, NULL, 0, "DPDK cannot start: %s",
		   rte_errno == 0 ? "what EAL says above is all that is known"
				  : rte_strerror(rte_errno));
	return -1;
}
