// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/reload.h"

#include <pthread.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "base/contract.h"
#include "sizing/machine.h"

struct reload {
	pthread_t thread;
	bool is_loaded; // thread: rw, main: ro
	// owned by the thread until it has loaded, then by the main thread
	const struct config *running;
	struct errors errors;
	struct errors warnings;        // of a configuration without errors
	struct config *config;         // owned; NULL: there is none
	struct changeover *changeover; // owned, likewise
	uint32_t generation;
	unsigned int n_workers;
};

static void
load(struct reload *reload)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL) {
		errors_add(&reload->errors, reload->running->file, 0, "no memory");
		return;
	}
	if (config_load(config, reload->running->file, &reload->errors) != 0) {
		free(config);
		return;
	}
	reload->config = config;
	if (config_needs_restart(reload->running, config, &reload->errors))
		return;
	config_warn(config, machine_n_cpus(), &reload->warnings);
	reload->changeover =
		changeover_create(config, reload->generation, reload->n_workers, &reload->errors);
}

static void *
load_aside(void *argument)
{
	struct reload *reload = argument;

	load(reload);
	__atomic_store_n(&reload->is_loaded, true, __ATOMIC_RELEASE);
	return NULL;
}

struct reload *
reload_start(const struct config *running, uint32_t generation, unsigned int n_workers)
{
	struct reload *reload = calloc(1, sizeof(*reload));

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
	CONTRACT(reload_is_loaded(reload));
	return reload->changeover != NULL;
}

const struct errors *
reload_errors(const struct reload *reload)
{
	CONTRACT(reload_is_loaded(reload));
	return &reload->errors;
}

const struct errors *
reload_warnings(const struct reload *reload)
{
	CONTRACT(reload_is_loaded(reload));
	return &reload->warnings;
}

struct changeover *
reload_take(struct reload *reload, struct config **config)
{
	struct changeover *changeover = reload->changeover;

	CONTRACT(reload_is_good(reload));
	*config = reload->config;
	reload->changeover = NULL;
	reload->config = NULL;
	return changeover;
}

void
reload_destroy(struct reload *reload)
{
	if (reload == NULL)
		return;
	pthread_join(reload->thread, NULL);
	changeover_destroy(reload->changeover);
	if (reload->config != NULL)
		config_fini(reload->config);
	free(reload->config);
	errors_fini(&reload->errors);
	errors_fini(&reload->warnings);
	free(reload);
}
