// SPDX-License-Identifier: BSD-3-Clause
//
// One rule: the table of its keys, and what must hold between them. The keys that match packets
// are in match.c, statements and actions in rule.c.
#pragma once

#include <stdbool.h>

#include <libconfig.h>

#include "config/reader.h"

struct cfg_rule_key {
	const char *name;
	enum cfg_stage stage; // where it has a meaning
	// Stores what the setting says, or reports what is wrong with it.
	void (*read)(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule);
};

extern const struct cfg_rule_key cfg_match_keys[];
extern const unsigned int cfg_n_match_keys;

// What a rule does: statements and the action. It must have one of them, count = false aside.
extern const struct cfg_rule_key cfg_deed_keys[];
extern const unsigned int cfg_n_deed_keys;

// Reports keys that contradict or need each other, and fills in what one implies.
void cfg_check_match(struct cfg_loader *loader, const config_setting_t *group, struct match *match);

// Reads one rule of loader->chain. name is a key of every rule but is read by the chain.
// => rule is zero; afterwards it is chain_fini's to free, whatever was reported.
void cfg_read_rule(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule);
