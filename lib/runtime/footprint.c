// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/footprint.h"

#include "base/bytes.h"
#include "runtime/pools.h"
#include "runtime/worker.h"
#include "sizing/machine.h"

#define BYTES_PER_QUEUES (UINT64_C(256) << 10) // of a driver, one queue each way; generous

static struct footprint
add_up(const struct config *config, const struct ruleset_size *size)
{
	const unsigned int n = config->workers;
	const struct engine_config engine = {.n_workers = n, .steer_ring = STEER_RING};
	const struct footprint_parts parts = {
		.engine = &engine,
		.packets = pools_bytes_for(config),
		.others = n * bytes_of_object(sizeof(struct worker)) +
			  (uint64_t)n * config->n_ports * BYTES_PER_QUEUES,
	};

	return footprint_of(config, size, &parts);
}

bool
runtime_footprint(const struct config *config, struct footprint *footprint,
		  struct ruleset_size *size, struct errors *errors)
{
	if (!ruleset_measure(config->chains, config->n_chains, config->file, size, errors))
		return false;
	*footprint = add_up(config, size);
	return footprint_fits(footprint, config, machine_memory_bytes(""), errors);
}

enum runtime_end
runtime_shortage(const struct config *config, const struct footprint *footprint,
		 struct errors *errors)
{
	char text[FOOTPRINT_TEXT_SIZE];
	uint64_t has;

	footprint_format(footprint, text);
	if (eal_has_less(footprint_total(footprint), &has)) {
		errors_add(errors, config->file, 0, "this needs %s; EAL was given %u by -m", text,
			   (unsigned int)(has >> 20));
		return RUNTIME_BAD_ARGUMENTS;
	}
	errors_add(errors, config->file, 0, "this needs %s; EAL does not get that much", text);
	return RUNTIME_NO_MACHINE;
}
