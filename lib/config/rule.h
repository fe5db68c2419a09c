// SPDX-License-Identifier: BSD-3-Clause
//
// One rule: how its keys are read, and which combinations are allowed. Match keys are those of
// rules/match_key.h and are read in match.c; statements and actions are read in rule.c.
#pragma once

#include <stdbool.h>

#include <libconfig.h>

#include "config/reader.h"
#include "rules/match_key.h"

// A statement, or the action.
struct cfg_rule_key {
	const char *name;
	enum cfg_stage stage; // where it is allowed
	// Stores the value of the setting, or reports what is wrong with it.
	void (*read)(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule);
};

// Statements and the action. A rule must have one of them; count = false does not count.
extern const struct cfg_rule_key cfg_deed_keys[];
extern const unsigned int cfg_n_deed_keys;

// Stores the value of a match key, or reports what is wrong with it.
void cfg_read_match_key(struct cfg_loader *loader, const config_setting_t *setting,
			const struct match_key *key, struct match *match);

// Reads how a rule rejects.
void cfg_read_reject_with(struct cfg_loader *loader, const config_setting_t *setting,
			  struct rule *rule);

// Reports conflicts of that with the match, and fills in what it implies: protocol and family.
void cfg_check_reject(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule);

// Reports keys that contradict or need each other, and fills in what one implies.
void cfg_check_match(struct cfg_loader *loader, const config_setting_t *group, struct match *match);

// Reads one rule of loader->chain. name is a key of every rule but is read by the chain.
// => rule has nothing but its name and its place; afterwards it is chain_fini's to free, whatever
//    was reported.
void cfg_read_rule(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule);
