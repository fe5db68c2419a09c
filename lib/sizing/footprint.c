// SPDX-License-Identifier: BSD-3-Clause
#include "sizing/footprint.h"

#include <stdio.h>

#include "conntrack/conntrack.h"
#include "frag/frag.h"
#include "pipeline/pipeline.h"

#define MIB       (UINT64_C(1) << 20)
#define EAL_BYTES (16 * MIB) // used by EAL and DPDK's libraries, generous

struct footprint
footprint_of(const struct config *config, const struct ruleset_size *size,
	     const struct footprint_parts *parts)
{
	const unsigned int n_workers = parts->engine->n_workers;
	const uint64_t n = n_workers;
	const uint64_t fragments = frag_bytes_for(&config->fragments);
	const uint64_t plan = plan_bytes_for(size->n_counters);
	const uint64_t pipeline = pipeline_bytes_for(&config->fragments, size->n_counters);

	return (struct footprint){
		.connections = n * ct_bytes_for(&config->conntrack, n_workers),
		.packets = parts->packets,
		.fragments = n * fragments,
		.rules = size->bytes_least + n * plan,
		.others = EAL_BYTES + engine_bytes_for(parts->engine) + parts->others +
			  n * (pipeline - fragments - plan),
		.rules_most = size->bytes_most,
		.plans = n * plan,
	};
}

void
footprint_set_rules(struct footprint *footprint, uint64_t bytes)
{
	footprint->rules = bytes + footprint->plans;
}

uint64_t
footprint_total(const struct footprint *footprint)
{
	return footprint->connections + footprint->packets + footprint->fragments +
	       footprint->rules + footprint->others;
}

uint64_t
footprint_reserve(const struct footprint *footprint, unsigned int n_rulesets)
{
	return footprint_total(footprint) - footprint->rules +
	       n_rulesets * (footprint->rules_most + footprint->plans);
}

unsigned int
footprint_mib(uint64_t bytes)
{
	return (unsigned int)((bytes + MIB - 1) / MIB);
}

void
footprint_format(const struct footprint *footprint, char text[FOOTPRINT_TEXT_SIZE])
{
	snprintf(text, FOOTPRINT_TEXT_SIZE,
		 "%u MiB of memory: %u for connections, %u for packets, %u for fragments, %u for "
		 "rules, %u for all else",
		 footprint_mib(footprint_total(footprint)), footprint_mib(footprint->connections),
		 footprint_mib(footprint->packets), footprint_mib(footprint->fragments),
		 footprint_mib(footprint->rules), footprint_mib(footprint->others));
}

bool
footprint_fits(const struct footprint *footprint, const struct config *config,
	       uint64_t machine_bytes, struct errors *errors)
{
	char text[FOOTPRINT_TEXT_SIZE];

	if (footprint_total(footprint) <= machine_bytes)
		return true;
	footprint_format(footprint, text);
	errors_add(errors, config->file, 0,
		   "this needs %s; there are %u MiB for this process: set "
		   "conntrack.max_connections or what takes most of it lower",
		   text, (unsigned int)(machine_bytes / MIB));
	return false;
}
