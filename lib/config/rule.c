// SPDX-License-Identifier: BSD-3-Clause
#include "config/rule.h"

#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "base/contract.h"
#include "settings/memory.h"
#include "settings/values.h"

static const struct cfg_word actions[] = {
	{"accept", ACTION_ACCEPT},
	{"drop", ACTION_DROP},
	{"reject", ACTION_REJECT},
	{"notrack", ACTION_NOTRACK},
};

// Reports a key or a value that has no meaning in this chain.
static void
check_stage(struct cfg_loader *loader, const config_setting_t *setting, const char *what,
	    enum cfg_stage stage)
{
	const struct chain *chain = loader->chain;

	if (stage == CFG_ANYWHERE || loader->stage == CFG_ANYWHERE || stage == loader->stage)
		return;
	if (stage == CFG_AFTER_CONNTRACK)
		cfg_report(loader, setting,
			   "\"%s\" means nothing before connection tracking (priority %d): this "
			   "chain has priority %d",
			   what, PRIORITY_CONNTRACK, chain->priority);
	else
		cfg_report(loader, setting,
			   "\"%s\" must come before connection tracking (priority %d): this chain "
			   "has priority %d",
			   what, PRIORITY_CONNTRACK, chain->priority);
}

static void
read_action(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	unsigned int action;

	if (!cfg_word(loader, setting, actions, RTE_DIM(actions), &action))
		return;
	rule->action = (enum action)action;
	if (rule->action == ACTION_NOTRACK)
		check_stage(loader, setting, "notrack", CFG_BEFORE_CONNTRACK);
}

// Every rule counts, so there is nothing to store.
static void
read_count(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	bool is_counted;

	(void)rule;
	cfg_bool(loader, setting, &is_counted);
}

static void
read_log(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const char *text = cfg_string(loader, setting);

	if (text == NULL)
		return;
	if (!cfg_is_printable(text, CFG_LOG_LEN))
		cfg_report(loader, setting, "\"log\" must be 1 to %d printable ASCII characters",
			   CFG_LOG_LEN);
	else
		rule->log = cfg_strdup(text);
}

static void
read_set_mark(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	cfg_masked(loader, setting, &rule->set_mark);
}

static void
read_set_zone(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const char *text = config_setting_get_string(setting);

	rule->zone_is_vlan = text != NULL && strcasecmp(text, "vlan") == 0;
	rule->has_set_zone =
		rule->zone_is_vlan || cfg_zone(loader, setting, " or \"vlan\"", &rule->set_zone);
}

static void
read_set_helper(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	cfg_helper(loader, setting, &rule->set_helper);
}

static void
read_set_window(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	struct cfg_word windows[CT_WINDOW_COUNT];
	unsigned int window;

	for (unsigned int i = 0; i < CT_WINDOW_COUNT; i++)
		windows[i] = (struct cfg_word){ct_window_name((enum ct_window)i), i + 1};
	if (cfg_word(loader, setting, windows, CT_WINDOW_COUNT, &window))
		rule->set_window = (uint8_t)window;
}

// The packet path cannot limit rates yet; a configuration that asks for it must not seem to work.
static void
read_limit(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule)
{
	(void)rule;
	cfg_report(loader, setting, "limit is not available yet");
}

const struct cfg_rule_key cfg_deed_keys[] = {
	{"action", CFG_ANYWHERE, read_action},
	{"reject_with", CFG_ANYWHERE, cfg_read_reject_with},
	{"count", CFG_ANYWHERE, read_count},
	{"log", CFG_ANYWHERE, read_log},
	{"set_mark", CFG_AFTER_CONNTRACK, read_set_mark},
	{"set_zone", CFG_BEFORE_CONNTRACK, read_set_zone},
	{"set_helper", CFG_AFTER_CONNTRACK, read_set_helper},
	{"set_window", CFG_AFTER_CONNTRACK, read_set_window},
	{"limit", CFG_ANYWHERE, read_limit},
};

const unsigned int cfg_n_deed_keys = RTE_DIM(cfg_deed_keys);

// True when a value is one of the words that mean "everything" elsewhere, but not here; a port may
// have such a name.
static bool
is_word_for_all(const struct cfg_loader *loader, const config_setting_t *value)
{
	static const char *const words[] = {"any", "all", "*"};
	const char *text = config_setting_get_string(value);

	if (text == NULL || config_port(loader->config, text) != PORT_NONE)
		return false;
	for (size_t i = 0; i < RTE_DIM(words); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

// Reports that such a value is not needed: without the key, the rule matches everything.
static bool
is_for_all(struct cfg_loader *loader, const config_setting_t *setting)
{
	const bool is_list = config_setting_is_list(setting) || config_setting_is_array(setting);
	const unsigned int n = is_list ? (unsigned int)config_setting_length(setting) : 1;

	for (unsigned int i = 0; i < n; i++) {
		const config_setting_t *value = cfg_value(setting, i);
		const char *key = cfg_key(setting);

		if (!is_word_for_all(loader, value))
			continue;
		cfg_report(loader, value,
			   "\"%s\" is no value of \"%s\": without \"%s\" the rule matches all",
			   config_setting_get_string(value), key, key);
		return true;
	}
	return false;
}

static void
read_match_key(struct cfg_loader *loader, const config_setting_t *setting,
	       const struct match_key *key, struct rule *rule)
{
	check_stage(loader, setting, key->name,
		    key->subject == MATCH_OF_CONNECTION ? CFG_AFTER_CONNTRACK : CFG_ANYWHERE);
	if (!is_for_all(loader, setting))
		cfg_read_match_key(loader, setting, key, &rule->match);
}

// Reads the value of a key. Returns false, with the closest name, if there is no such key.
static bool
read_key(struct cfg_loader *loader, const config_setting_t *setting, struct rule *rule,
	 struct cfg_closest *closest)
{
	const char *name = config_setting_name(setting);

	cfg_closest_init(closest, name);
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		if (strcmp(match_keys[i].name, name) == 0) {
			read_match_key(loader, setting, &match_keys[i], rule);
			return true;
		}
		cfg_closest_offer(closest, match_keys[i].name);
	}
	for (unsigned int i = 0; i < cfg_n_deed_keys; i++) {
		if (strcmp(cfg_deed_keys[i].name, name) == 0) {
			check_stage(loader, setting, name, cfg_deed_keys[i].stage);
			cfg_deed_keys[i].read(loader, setting, rule);
			return true;
		}
		cfg_closest_offer(closest, cfg_deed_keys[i].name);
	}
	cfg_closest_offer(closest, "name");
	return false;
}

static bool
does_something(const config_setting_t *group)
{
	int is_counted = 0;

	config_setting_lookup_bool(group, "count", &is_counted);
	for (unsigned int i = 0; i < cfg_n_deed_keys; i++) {
		if (cfg_deed_keys[i].read != read_count &&
		    config_setting_get_member(group, cfg_deed_keys[i].name) != NULL)
			return true;
	}
	return is_counted;
}

void
cfg_read_rule(struct cfg_loader *loader, const config_setting_t *group, struct rule *rule)
{
	const unsigned int n_errors = loader->errors->count;

	CONTRACT(rule->action == ACTION_NONE && match_keys_of(&rule->match) == 0);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned int)i);
		struct cfg_closest closest;

		if (strcmp(config_setting_name(setting), "name") != 0 &&
		    !read_key(loader, setting, rule, &closest))
			cfg_report_unknown_key(loader, setting, "a rule", &closest);
	}
	// Missing and contradictory keys can be reported only if all keys were understood.
	if (loader->errors->count != n_errors)
		return;
	if (!does_something(group))
		cfg_report(loader, group, "a rule needs an action or a statement");
	cfg_check_reject(loader, group, rule);
	cfg_check_match(loader, group, &rule->match);
}
