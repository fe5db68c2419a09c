// SPDX-License-Identifier: BSD-3-Clause
//
// The files of the tree that speak of configurations: those in conf/ load, and the manual page
// names every key with the type, limits and default it has.
#include "config/load.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include <cmocka.h>

#include "config/rule.h"
#include "settings/fields.h"
#include "unit/config/source_root.h"

static void
load(struct config *config, const char *file)
{
	struct errors errors;

	errors_init(&errors);
	if (config_load(config, file, &errors) != 0) {
		errors_print(&errors, stderr);
		fail_msg("%s does not load", file);
	}
	errors_fini(&errors);
}

static void
test_example_writes_the_defaults(void **state)
{
	struct config config;
	struct ct_params defaults;

	(void)state;
	load(&config, SOURCE_ROOT "/conf/sallyport.conf");
	ct_params_init(&defaults);
	assert_memory_equal(&config.conntrack, &defaults, sizeof(defaults));
	assert_int_equal(config.workers, 1);
	assert_int_equal(config.n_ports, 2);
	assert_int_equal(config.chains[config.n_chains - 1].policy, ACTION_DROP);
	config_fini(&config);
}

static void
test_demo(void **state)
{
	static const char *const names[] = {"replies", "broken", "dns",       "web",
					    "ping",    "ping6",  "neighbours"};
	struct config config;

	(void)state;
	load(&config, SOURCE_ROOT "/conf/demo.conf");
	assert_int_equal(config.n_chains, 1);
	assert_int_equal(config.chains[0].policy, ACTION_DROP);
	assert_int_equal(config.chains[0].n_rules, RTE_DIM(names));
	for (size_t i = 0; i < RTE_DIM(names); i++)
		assert_string_equal(config.chains[0].rules[i].name, names[i]);
	config_fini(&config);
}

// The manual page with every run of white space as one blank.
static char *
read_manual(void)
{
	FILE *file = fopen(SOURCE_ROOT "/doc/sallyport.conf.5", "r");
	char *text = NULL;
	size_t size = 0;
	size_t len = 0;

	assert_non_null(file);
	assert_true(getdelim(&text, &size, EOF, file) > 0);
	fclose(file);
	for (const char *from = text; *from != '\0'; from++) {
		char letter = isspace((unsigned char)*from) ? ' ' : *from;

		if (letter != ' ' || (len > 0 && text[len - 1] != ' '))
			text[len++] = letter;
	}
	text[len] = '\0';
	return text;
}

static void
assert_mentions(const char *manual, char *phrase)
{
	if (strstr(manual, phrase) == NULL)
		fail_msg("doc/sallyport.conf.5 lacks: %s", phrase);
	free(phrase);
}

static void
test_manual_describes_every_field(void **state)
{
	struct config defaults;
	char *manual = read_manual();

	(void)state;
	cfg_fields_init(&defaults);
	for (unsigned int i = 0; i < cfg_n_fields; i++) {
		const struct cfg_field *field = &cfg_fields[i];
		uint32_t value = cfg_field_get(field, &defaults);
		char *phrase = NULL;

		if (field->type == CFG_FIELD_BOOL)
			assert_true(asprintf(&phrase, ".It Cm %s Pq true or false, default %s %s.",
					     field->key, value != 0 ? "true" : "false",
					     field->help) > 0);
		else if (field->type == CFG_FIELD_WORD)
			assert_true(asprintf(&phrase, ".It Cm %s Pq %s or %s, default %s %s.",
					     field->key, field->name(field->low),
					     field->name(field->high), field->name(value),
					     field->help) > 0);
		else
			assert_true(asprintf(&phrase, ".It Cm %s Pq %u to %u %s, default %u %s.",
					     field->key, field->low, field->high, field->unit,
					     value, field->help) > 0);
		assert_mentions(manual, phrase);
	}
	free(manual);
}

static void
test_manual_names_what_needs_a_restart(void **state)
{
	char *manual = read_manual();
	const char *section = strstr(manual, ".Sh RELOADING");

	(void)state;
	assert_non_null(section);
	for (unsigned int i = 0; i < cfg_n_fields; i++) {
		const struct cfg_field *field = &cfg_fields[i];
		char *phrase = NULL;

		if (field->is_live)
			continue;
		assert_true(asprintf(&phrase, ".Cm %s%s%s ", field->group,
				     field->group[0] == '\0' ? "" : ".", field->key) > 0);
		assert_mentions(section, phrase);
	}
	free(manual);
}

static void
test_manual_names_every_key_of_rules(void **state)
{
	char *manual = read_manual();

	(void)state;
	for (unsigned int i = 0; i < cfg_n_deed_keys; i++) {
		char *phrase = NULL;

		assert_true(asprintf(&phrase, ".It Cm %s Pq ", cfg_deed_keys[i].name) > 0);
		assert_mentions(manual, phrase);
	}
	free(manual);
}

// The keys that match, in the manual: each row of the table, as its help begins it, and no other.
static void
test_manual_describes_every_match_key(void **state)
{
	char *manual = read_manual();
	char *section = strstr(manual, ".Ss Keys that match");
	char *end = section == NULL ? NULL : strstr(section, ".Ss Statements");
	unsigned int n_items = 0;

	(void)state;
	if (end == NULL) {
		fail_msg("doc/sallyport.conf.5 lacks the section on keys that match");
		abort();
	}
	*end = '\0';
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];
		char *phrase = NULL, *item, *help;

		assert_true(asprintf(&phrase, ".It Cm %s Pq ", key->name) > 0);
		item = strstr(section, phrase);
		help = item == NULL ? NULL : strstr(item, key->help);
		if (help == NULL)
			fail_msg("doc/sallyport.conf.5 lacks: %s... %s", phrase, key->help);
		free(phrase);
	}
	for (char *item = section; (item = strstr(item, ".It Cm ")) != NULL; item++)
		n_items++;
	assert_int_equal(n_items, MATCH_KEY_COUNT + 1); // limit, which is not available yet
	free(manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_writes_the_defaults),
		cmocka_unit_test(test_demo),
		cmocka_unit_test(test_manual_describes_every_field),
		cmocka_unit_test(test_manual_names_what_needs_a_restart),
		cmocka_unit_test(test_manual_names_every_key_of_rules),
		cmocka_unit_test(test_manual_describes_every_match_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
