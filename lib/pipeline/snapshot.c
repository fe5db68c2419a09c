// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/snapshot.h"

#include <stdlib.h>

struct snapshot *
snapshot_create(const struct config *config, uint32_t generation, struct errors *errors)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL) {
		errors_add(errors, config->file, 0, "no memory for the rules");
		return NULL;
	}
	snapshot->generation = generation;
	snapshot->config = config;
	for (unsigned int port = 0; port < PORTS_MAX; port++)
		snapshot->peer[port] = config_peer(config, (uint8_t)port);
	snapshot->ruleset =
		ruleset_compile(config->chains, config->n_chains, generation, config->file, errors);
	if (snapshot->ruleset == NULL) {
		free(snapshot);
		return NULL;
	}
	return snapshot;
}

void
snapshot_destroy(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	ruleset_destroy(snapshot->ruleset);
	free(snapshot);
}

bool
snapshot_tracks(const struct snapshot *snapshot)
{
	return snapshot->config->conntrack.enable == CT_ENABLE_ALWAYS ||
	       ruleset_needs_connections(snapshot->ruleset);
}
