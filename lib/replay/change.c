// SPDX-License-Identifier: BSD-3-Clause
#include "replay/change.h"

#include "base/contract.h"
#include "config/load.h"

int
change_load(struct change *change, uint64_t n, const char *path, const struct config *running,
	    struct errors *errors)
{
	change->n = n;
	if (config_load(&change->config, path, errors) != 0)
		return -1;
	if (config_needs_restart(running, &change->config, errors) ||
	    !ruleset_measure(change->config.chains, change->config.n_chains, path, &change->size,
			     errors))
		return -1;
	return 0;
}

int
change_compile(struct change *change, uint32_t generation, unsigned int n_workers,
	       struct errors *errors)
{
	CONTRACT(change->changeover == NULL);
	change->changeover = changeover_create(&change->config, generation, n_workers, errors);
	return change->changeover == NULL ? -1 : 0;
}

void
change_apply(struct change *change, struct engine *engine, uint64_t now_ns)
{
	static const struct engine_bounds nothing_else = {0};

	CONTRACT(change->changeover != NULL);
	engine_publish(engine, change->changeover);
	change->changeover = NULL;
	do {
		for (unsigned int i = 0; i < engine_n_workers(engine); i++)
			engine_between_bursts(engine, i, now_ns, &nothing_else);
	} while (!engine_retire(engine));
}

void
change_forget(struct change *change)
{
	changeover_destroy(change->changeover);
	change->changeover = NULL;
}

void
change_fini(struct change *change)
{
	config_fini(&change->config);
}
