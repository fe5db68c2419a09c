// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/eal.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "runtime/pools.h"
#include "base/files.h"
#include "base/progress.h"
#include "runtime/diagnosis.h"

#define OWN_ARGUMENTS      8
#define BYTES_PER_CONN     1024 // generous: both families' tables at full size
#define NO_TELEMETRY       "--no-telemetry"
#define BASE_MIB           256
#define MIB_PER_PORT_QUEUE 8
#define BYTES_PER_PACKET   2560 // a packet buffer with its headers

// True when the user gave one of the options, as -x, --name or --name=value.
static bool
has_option(int argc, char **argv, const char *const options[])
{
	for (int i = 0; i < argc; i++) {
		for (const char *const *option = options; *option != NULL; option++) {
			size_t len = strlen(*option);
			const char *behind = argv[i] + len;

			if (strncmp(argv[i], *option, len) == 0 &&
			    (*behind == '\0' || *behind == '=' || len == 2))
				return true;
		}
	}
	return false;
}

// LCORE@CPU for every thread there will be.
static void
write_lcores(char *text, size_t size, unsigned int n_workers)
{
	unsigned int cpus[CPU_SETSIZE];
	unsigned int n_cpus = 0;
	size_t len;
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			cpus[n_cpus++] = cpu;
	}
	len = (size_t)snprintf(text, size, "0@%u", cpus[0]);
	for (unsigned int i = 1; i <= n_workers; i++)
		len += (size_t)snprintf(text + len, size - len, ",%u@%u", i, cpus[i % n_cpus]);
	snprintf(text + len, size - len, ",%u@%u", n_workers + 1, cpus[0]);
}

static unsigned int
memory_mib(const struct config *config)
{
	uint64_t connections = config->conntrack.max_connections;
	uint64_t per_worker = frag_params_bytes(&config->fragments) +
			      (uint64_t)config->fragments.max_fragments * BYTES_PER_PACKET;

	return BASE_MIB + config->n_ports * config->workers * MIB_PER_PORT_QUEUE +
	       (unsigned int)((connections * BYTES_PER_CONN + config->workers * per_worker +
			       pools_jumbo_bytes(config)) >>
			      20);
}

// getopt_long(3) takes the beginning of a name for the name, where it is that of no other.
bool
eal_refuses_telemetry(int argc, char **argv)
{
	static const char shortest[] = "--no-t";

	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);

		if (len >= strlen(shortest) && strncmp(argv[i], NO_TELEMETRY, len) == 0)
			return true;
	}
	return false;
}

// Files that EAL and the devices have open, at most: a base, pipes for each thread, sockets for
// each queue.
static size_t
n_files(const struct config *config)
{
	return 32 + 4 * (config->workers + 2) + 4 * config->n_ports * config->workers;
}

static void
report(int argc, char **argv, int error, struct errors *errors)
{
	static const char *const no_huge[] = {"--no-huge", NULL};
	static const char *const unmounted[] = {"--in-memory", "--huge-dir", NULL};
	char why[DIAGNOSIS_MAX];

	if (!has_option(argc, argv, no_huge) &&
	    diagnose_hugepages("", !has_option(argc, argv, unmounted), why) != NULL)
		errors_add(errors, NULL, 0, "DPDK cannot start: %s", why);
	else if (error == 0)
		errors_add(errors, NULL, 0,
			   "DPDK cannot start; the lines of EAL above say why, if anything does");
	else
		errors_add(errors, NULL, 0, "DPDK cannot start: %s", rte_strerror(error));
}

static int
init(int argc, char **argv, struct errors *errors)
{
	struct progress progress;
	int result;

	progress_begin(&progress, PROGRESS_AFTER_MS, "DPDK starts and takes its memory");
	rte_errno = 0;
	result = rte_eal_init(argc, argv);
	progress_end(&progress);
	if (result >= 0)
		return 0;
	report(argc, argv, rte_errno, errors);
	return -1;
}

int
eal_start(const struct config *config, int argc, char **argv, struct errors *errors)
{
	static const char *const lcore_options[] = {"-l", "-c", "--lcores", NULL};
	static const char *const no_huge[] = {"--no-huge", NULL};
	static const char *const memory_options[] = {"-m", "--socket-mem", NULL};
	char lcores[(WORKERS_MAX + 2) * 12], memory[16];
	char program[] = "sallyport", lcores_option[] = "--lcores", memory_option[] = "-m";
	char no_telemetry[] = NO_TELEMETRY;
	char **all = calloc((size_t)argc + OWN_ARGUMENTS, sizeof(*all));
	int n = 0;
	int result;

	if (all == NULL) {
		errors_add(errors, NULL, 0, "no memory");
		return -1;
	}
	if (files_allow(n_files(config), errors) != 0) {
		free(all);
		return -1;
	}
	all[n++] = program;
	all[n++] = no_telemetry;
	if (!has_option(argc, argv, lcore_options)) {
		write_lcores(lcores, sizeof(lcores), config->workers);
		all[n++] = lcores_option;
		all[n++] = lcores;
	}
	if (has_option(argc, argv, no_huge) && !has_option(argc, argv, memory_options)) {
		snprintf(memory, sizeof(memory), "%u", memory_mib(config));
		all[n++] = memory_option;
		all[n++] = memory;
	}
	for (int i = 0; i < argc; i++)
		all[n++] = argv[i];
	result = init(n, all, errors);
	free(all);
	return result;
}

int
eal_choose_lcores(unsigned int n, unsigned int lcores[])
{
	unsigned int found = 0;
	unsigned int lcore;

	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (found < n)
			lcores[found++] = lcore;
	}
	return found == n ? 0 : -1;
}
