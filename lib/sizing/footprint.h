// SPDX-License-Identifier: BSD-3-Clause
//
// The memory that a configuration needs: the sum of what each module says it will reserve. run and
// replay ask EAL for that much, check prints it, and a configuration that needs more than the
// machine has is refused before anything is reserved.
//
// Life cycle: footprint_of, before EAL is initialised; footprint_set_rules, once the rules are
// compiled and their size is known exactly. Any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "engine/engine.h"
#include "rules/ruleset.h"
#include "settings/config.h"

struct footprint {
	uint64_t connections; // bytes of EAL's memory, like all of these
	uint64_t packets;
	uint64_t fragments;
	uint64_t rules; // compiled, and every worker's own part of them
	uint64_t others;
	uint64_t rules_most; // what the rules may need while they are compiled
	uint64_t plans;      // of rules: the workers' part
};

// What only the caller knows.
struct footprint_parts {
	const struct engine_config *engine; // as far as engine_bytes_for reads it
	uint64_t packets;                   // bytes of their pools
	uint64_t others;                    // bytes of devices and the like
};

// => size is that of the configuration's rules. Until these are compiled, rules is the least that
//    they need.
struct footprint footprint_of(const struct config *config, const struct ruleset_size *size,
			      const struct footprint_parts *parts);

// Sets the size of the compiled rules.
void footprint_set_rules(struct footprint *footprint, uint64_t bytes);

uint64_t footprint_total(const struct footprint *footprint);

// How much to reserve before the rules are compiled, with room to compile n_rulesets of this size.
uint64_t footprint_reserve(const struct footprint *footprint, unsigned int n_rulesets);

// Bytes as MiB, rounded up.
unsigned int footprint_mib(uint64_t bytes);

// Writes "412 MiB of memory: 380 for connections, ...".
#define FOOTPRINT_TEXT_SIZE 192
void footprint_format(const struct footprint *footprint, char text[FOOTPRINT_TEXT_SIZE]);

// Returns false, with an error added, if the machine has less memory than that.
bool footprint_fits(const struct footprint *footprint, const struct config *config,
		    uint64_t machine_bytes, struct errors *errors);
