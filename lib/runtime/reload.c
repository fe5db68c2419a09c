// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/reload.h"

#include <pthread.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "sizing/machine.h"

struct reload {
	pthread_t thread;
	bool is_loaded; // thread: rw, main: ro
	// the thread's until it has loaded, then the main thread's
	const struct config *running;
	struct errors errors;
	struct errors warnings;    // of a configuration without errors
	struct config *config;     // owned; NULL: there is none
	struct snapshot *snapshot; // owned, likewise
	uint32_t generation;
	bool is_good;
	unsigned int n_workers;
	struct plan plans[]; // one per worker
};

static bool
make_plans(struct reload *reload)
{
	for (unsigned int i = 0; i < reload->n_workers; i++) {
		if (plan_init(&reload->plans[i], reload->snapshot))
			continue;
		errors_add(&reload->errors, reload->config->file, 0,
			   "no memory to go by these rules beside the old ones");
		return false;
	}
	return true;
}

static bool
load(struct reload *reload)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL) {
		errors_add(&reload->errors, reload->running->file, 0, "no memory");
		return false;
	}
	if (config_load(config, reload->running->file, &reload->errors) != 0) {
		free(config);
		return false;
	}
	reload->config = config;
	if (config_needs_restart(reload->running, config, &reload->errors))
		return false;
	config_warn(config, machine_n_cpus(), &reload->warnings);
	reload->snapshot = snapshot_create(config, reload->generation, &reload->errors);
	return reload->snapshot != NULL && make_plans(reload);
}

static void *
load_aside(void *argument)
{
	struct reload *reload = argument;

	reload->is_good = load(reload);
	__atomic_store_n(&reload->is_loaded, true, __ATOMIC_RELEASE);
	return NULL;
}

struct reload *
reload_start(const struct config *running, uint32_t generation, unsigned int n_workers)
{
	struct reload *reload = calloc(1, sizeof(*reload) + n_workers * sizeof(reload->plans[0]));

	if (reload == NULL)
		return NULL;
	reload->running = running;
	reload->generation = generation;
	reload->n_workers = n_workers;
	errors_init(&reload->errors);
	errors_init(&reload->warnings);
	if (rte_ctrl_thread_create(&reload->thread, "sallyport-load", NULL, load_aside, reload) ==
	    0)
		return reload;
	free(reload);
	return NULL;
}

bool
reload_is_loaded(const struct reload *reload)
{
	return __atomic_load_n(&reload->is_loaded, __ATOMIC_ACQUIRE);
}

bool
reload_is_good(const struct reload *reload)
{
	return reload->is_good;
}

const struct errors *
reload_errors(const struct reload *reload)
{
	return &reload->errors;
}

const struct errors *
reload_warnings(const struct reload *reload)
{
	return &reload->warnings;
}

struct plan *
reload_plan(struct reload *reload, unsigned int worker)
{
	return &reload->plans[worker];
}

void
reload_exchange(struct reload *reload, struct config **config, struct snapshot **snapshot)
{
	RTE_SWAP(reload->config, *config);
	RTE_SWAP(reload->snapshot, *snapshot);
}

void
reload_destroy(struct reload *reload)
{
	if (reload == NULL)
		return;
	pthread_join(reload->thread, NULL);
	for (unsigned int i = 0; i < reload->n_workers; i++)
		plan_fini(&reload->plans[i]);
	snapshot_destroy(reload->snapshot);
	if (reload->config != NULL)
		config_fini(reload->config);
	free(reload->config);
	errors_fini(&reload->errors);
	errors_fini(&reload->warnings);
	free(reload);
}
