// SPDX-License-Identifier: BSD-3-Clause
//
// Named sets of addresses or of ports, which rules refer to as @name. They exist only while the
// configuration is loaded: a rule holds a copy of the elements.
#pragma once

#include <stdbool.h>

#include <libconfig.h>

#include "config/text.h"
#include "settings/values.h"

struct cfg_loader;

// UNKNOWN: none of its elements could be read, as reported where the set is defined.
enum cfg_set_kind { CFG_SET_UNKNOWN, CFG_SET_ADDRESSES, CFG_SET_PORTS };

struct cfg_set {
	const char *name;       // libconfig's
	struct cfg_place place; // where it is defined
	bool is_used;           // by a rule
	enum cfg_set_kind kind;
	struct cfg_prefixes prefixes;
	struct cfg_ranges ranges;
};

struct cfg_sets {
	struct cfg_set *list; // owned; sorted by name
	unsigned int n;
};

// Reads the section "sets" of the file, if it has one, into loader->sets.
void cfg_read_sets(struct cfg_loader *loader, const config_setting_t *root);
void cfg_sets_fini(struct cfg_sets *sets);

// The set of that name, NULL when there is none.
struct cfg_set *cfg_set_lookup(const struct cfg_sets *sets, const char *name);

// Records in the configuration the sets that no rule names.
// => Sets, and then all chains, have been read.
void cfg_keep_unused_sets(struct cfg_loader *loader);
