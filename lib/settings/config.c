// SPDX-License-Identifier: BSD-3-Clause
#include "settings/config.h"

#include <stdlib.h>
#include <string.h>

#include "settings/fields.h"
#include "settings/memory.h"

void
config_set_defaults(struct config *config, const char *file)
{
	*config = (struct config){.file = cfg_strdup(file)};
	cfg_fields_init(config);
}

void
config_fini(struct config *config)
{
	for (unsigned int i = 0; i < config->n_ports; i++) {
		free(config->ports[i].name);
		free(config->ports[i].device);
	}
	for (unsigned int i = 0; i < config->n_chains; i++)
		chain_fini(&config->chains[i]);
	for (unsigned int i = 0; i < config->n_unused_sets; i++)
		free(config->unused_sets[i].name);
	free(config->unused_sets);
	for (size_t i = 0; i < config->n_files; i++)
		free(config->files[i]);
	free(config->files);
	free(config->file);
	*config = (struct config){0};
}

uint8_t
config_peer(const struct config *config, uint8_t port)
{
	for (unsigned int i = 0; i < config->n_wires; i++) {
		if (config->wires[i].a == port)
			return config->wires[i].b;
		if (config->wires[i].b == port)
			return config->wires[i].a;
	}
	return PORT_NONE;
}

uint8_t
config_port(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->n_ports; i++) {
		if (strcmp(config->ports[i].name, name) == 0)
			return (uint8_t)i;
	}
	return PORT_NONE;
}
