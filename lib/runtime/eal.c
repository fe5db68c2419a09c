// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_lcore.h>

#include "base/contract.h"
#include "base/files.h"
#include "base/progress.h"
#include "runtime/diagnosis.h"

#define OWN_ARGUMENTS 8
#define NO_TELEMETRY  "--no-telemetry"
#define N_RULESETS    2 // the one in force, and one being loaded

// True when the user gave one of the options: -x, --name or --name=value.
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

// LCORE@CPU for every thread.
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

// getopt_long(3) accepts an unambiguous prefix of a name.
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

// An upper bound of the files that EAL and the devices open: a base, pipes per thread, sockets per
// queue.
static size_t
n_files(const struct config *config)
{
	return 32 + 4 * (config->workers + 2) + 4 * config->n_ports * config->workers;
}

static enum runtime_end
report(int argc, char **argv, int error, struct errors *errors)
{
	static const char *const no_huge[] = {"--no-huge", NULL};
	static const char *const unmounted[] = {"--in-memory", "--huge-dir", NULL};
	char why[DIAGNOSIS_MAX];

	if (error == EINVAL) {
		errors_add(errors, NULL, 0, "EAL refuses its arguments; why, it says above");
		return RUNTIME_BAD_ARGUMENTS;
	}
	if (!has_option(argc, argv, no_huge) &&
	    diagnose_hugepages("", !has_option(argc, argv, unmounted), why) != NULL)
		errors_add(errors, NULL, 0, "DPDK cannot start: %s", why);
	else if (error == 0)
		errors_add(errors, NULL, 0,
			   "DPDK cannot start; the lines of EAL above say why, if anything does");
	else
		errors_add(errors, NULL, 0, "DPDK cannot start: %s", rte_strerror(error));
	return RUNTIME_NO_MACHINE;
}

static enum runtime_end
start(int argc, char *argv[], struct errors *errors)
{
	struct progress progress;
	int n_taken;

	progress_begin(&progress, PROGRESS_AFTER_MS, "DPDK starts and takes its memory");
	rte_errno = 0;
	n_taken = rte_eal_init(argc, argv);
	progress_end(&progress);
	if (n_taken < 0)
		return report(argc, argv, rte_errno, errors);
	if (n_taken + 1 == argc)
		return RUNTIME_ENDED;
	// EAL has put the program's name after the arguments that it took.
	errors_add(errors, NULL, 0, "\"%s\" is no argument of EAL", argv[n_taken + 1]);
	rte_eal_cleanup();
	return RUNTIME_BAD_ARGUMENTS;
}

enum runtime_end
eal_start(const struct config *config, const struct footprint *footprint, int argc, char **argv,
	  struct errors *errors)
{
	static const char *const lcore_options[] = {"-l", "-c", "--lcores", NULL};
	static const char *const no_huge[] = {"--no-huge", NULL};
	static const char *const memory_options[] = {"-m", "--socket-mem", NULL};
	char lcores[(WORKERS_MAX + 2) * 12], memory[16];
	char program[] = "sallyport", lcores_option[] = "--lcores", memory_option[] = "-m";
	char no_telemetry[] = NO_TELEMETRY;
	char **all = calloc((size_t)argc + OWN_ARGUMENTS, sizeof(*all));
	enum runtime_end end;
	int n = 0;

	CONTRACT_MAIN_THREAD();
	if (all == NULL) {
		errors_add(errors, NULL, 0, "no memory");
		return RUNTIME_NO_MACHINE;
	}
	if (files_allow(n_files(config), errors) != 0) {
		free(all);
		return RUNTIME_NO_MACHINE;
	}
	all[n++] = program;
	all[n++] = no_telemetry;
	if (!has_option(argc, argv, lcore_options)) {
		write_lcores(lcores, sizeof(lcores), config->workers);
		all[n++] = lcores_option;
		all[n++] = lcores;
	}
	if (has_option(argc, argv, no_huge) && !has_option(argc, argv, memory_options)) {
		snprintf(memory, sizeof(memory), "%u",
			 footprint_mib(footprint_reserve(footprint, N_RULESETS)));
		all[n++] = memory_option;
		all[n++] = memory;
	}
	for (int i = 0; i < argc; i++)
		all[n++] = argv[i];
	end = start(n, all, errors);
	free(all);
	return end;
}

bool
eal_has_less(uint64_t bytes, uint64_t *has)
{
	struct rte_malloc_socket_stats heap;

	if (rte_eal_has_hugepages() || rte_malloc_get_socket_stats(0, &heap) != 0)
		return false;
	*has = heap.heap_totalsz_bytes;
	return *has < bytes;
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
