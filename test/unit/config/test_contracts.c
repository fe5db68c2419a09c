// SPDX-License-Identifier: BSD-3-Clause
//
// What the loader demands of its own parts is checked where contracts are (base/contract.h).
#include "config/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/chains.h"
#include "config/ports.h"
#include "config/rule.h"
#include "util/death.h"

// A loader that has read nothing yet, and a tree to read from.
struct load {
	struct cfg_loader loader;
	struct config config;
	struct errors errors;
	config_t tree;
};

static const config_setting_t *
setting(const struct load *load, const char *key)
{
	return config_lookup(&load->tree, key);
}

static void
name_a_port_before_ports_are_read(void *argument)
{
	struct load *load = argument;

	cfg_port(&load->loader, setting(load, "name"));
}

static void
read_chains_before_sets(void *argument)
{
	struct load *load = argument;

	load->loader.port_names = CFG_NAMES_ALL;
	cfg_read_chains(&load->loader, config_root_setting(&load->tree));
}

static void
keep_sets_that_were_not_read(void *argument)
{
	cfg_keep_unused_sets(&((struct load *)argument)->loader);
}

static void
read_a_rule_twice(void *argument)
{
	struct load *load = argument;
	struct rule rule = {.action = ACTION_DROP};

	cfg_read_rule(&load->loader, setting(load, "rule"), &rule);
}

static void
want_less_than_nothing(void *argument)
{
	struct load *load = argument;
	int64_t value;

	cfg_number(&load->loader, setting(load, "number"), 2, 1, "", &value);
}

static void
take_a_value_too_many(void *argument)
{
	cfg_value(setting(argument, "list"), 2);
}

static void
name_what_is_no_group(void *argument)
{
	struct load *load = argument;

	cfg_name(&load->loader, setting(load, "number"), "a rule");
}

static void
broken_ones_end_the_process(void **state)
{
	static struct load load;

	(void)state;
	skip_without_contracts();
	config_init(&load.tree);
	errors_init(&load.errors);
	load.loader = (struct cfg_loader){.config = &load.config, .errors = &load.errors};
	assert_int_equal(config_read_string(&load.tree,
					    "name = \"lan\"; number = 1; list = (1, 2); "
					    "rule = { action = \"drop\"; };"),
			 CONFIG_TRUE);
	assert_dies(name_a_port_before_ports_are_read, &load,
		    "cfg_port: broken contract: loader->");
	assert_dies(read_chains_before_sets, &load,
		    "cfg_read_chains: broken contract: loader->set");
	assert_dies(keep_sets_that_were_not_read, &load, "cfg_keep_unused_sets: broken contract");
	assert_dies(read_a_rule_twice, &load, "cfg_read_rule: broken contract: rule->action ==");
	assert_dies(want_less_than_nothing, &load, "cfg_number: broken contract: low <= high");
	assert_dies(take_a_value_too_many, &load, "cfg_value: broken contract: i <");
	assert_dies(name_what_is_no_group, &load, "cfg_name: broken contract: config_setting_is_");
	config_destroy(&load.tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
