// SPDX-License-Identifier: BSD-3-Clause
#include "engine/changeover.h"

#include <stdlib.h>

#include "base/contract.h"
#include "engine/changeover_impl.h"

static bool
fill(struct changeover *changeover, const struct config *config, uint32_t generation,
     struct errors *errors)
{
	changeover->snapshot = snapshot_create(config, generation, errors);
	if (changeover->snapshot == NULL)
		return false;
	for (unsigned int i = 0; i < changeover->n_workers; i++) {
		if (plan_init(&changeover->plans[i], changeover->snapshot))
			continue;
		errors_add(errors, config->file, 0,
			   "no memory to go by these rules beside the old ones");
		return false;
	}
	return true;
}

struct changeover *
changeover_create(const struct config *config, uint32_t generation, unsigned int n_workers,
		  struct errors *errors)
{
	struct changeover *changeover;

	CONTRACT(n_workers > 0);
	changeover = calloc(1, sizeof(*changeover) + n_workers * sizeof(changeover->plans[0]));
	if (changeover == NULL) {
		errors_add(errors, config->file, 0, "no memory");
		return NULL;
	}
	changeover->n_workers = n_workers;
	if (fill(changeover, config, generation, errors))
		return changeover;
	changeover_destroy(changeover);
	return NULL;
}

void
changeover_destroy(struct changeover *changeover)
{
	if (changeover == NULL)
		return;
	for (unsigned int i = 0; i < changeover->n_workers; i++)
		plan_fini(&changeover->plans[i]);
	snapshot_destroy(changeover->snapshot);
	free(changeover);
}
