// SPDX-License-Identifier: BSD-3-Clause
//
// Settings that cannot change while the firewall runs, and the messages about them.
#include "settings/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include <cmocka.h>

#include "settings/fields.h"
#include "fixture.h"

#define TWO_PORTS                                                                                  \
	"ports = ( { name = \"a\"; device = \"net_null0\"; },\n"                                   \
	"          { name = \"b\"; device = \"net_null1\"; } );\n"
#define WIRES "wires = ( { a = \"a\"; b = \"b\"; } );\n"

// The messages when one configuration replaces the other; "" if there are none.
static void
assert_said(const struct config *running, const struct config *next, const char *expected)
{
	struct errors errors;
	char *text = NULL, *path, *name;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	errors_init(&errors);
	assert_int_equal(config_needs_restart(running, next, &errors), expected[0] != '\0');
	errors_print(&errors, out);
	errors_fini(&errors);
	assert_int_equal(fclose(out), 0);
	path = strchrnul(text, ':');
	name = memrchr(text, '/', (size_t)(path - text));
	assert_string_equal(name == NULL ? text : name + 1, expected);
	free(text);
}

static void
ports_and_wires_stay(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"# The same, elsewhere.\n" TWO_PORTS WIRES, ""},
		{WIRES TWO_PORTS "chains = ( { name = \"c\"; priority = 0; } );", ""},
		{"ports = ( { name = \"a\"; device = \"net_null0\"; },\n"
		 "          { name = \"b\"; device = \"net_null7\"; } );\n" WIRES,
		 "main:2: ports: \"b\" was \"b\", device \"net_null1\": that needs a restart\n"},
		{"ports = ( { name = \"a\"; device = \"net_null0\"; },\n"
		 "          { name = \"b\"; device = \"net_null1\"; mtu = 9000; } );\n" WIRES,
		 "main:2: port \"b\": mtu changes from 0 to 9000: that needs a restart\n"},
		{"ports = ( { name = \"a\"; device = \"net_null0\"; },\n"
		 "          { name = \"c\"; device = \"net_null1\"; } );\n"
		 "wires = ( { a = \"a\"; b = \"c\"; } );",
		 "main:2: ports: \"c\" was \"b\", device \"net_null1\": that needs a restart\n"},
		{"ports = ( { name = \"a\"; device = \"net_null0\"; },\n"
		 "          { name = \"b\"; device = \"net_null1\"; },\n"
		 "          { name = \"c\"; device = \"net_null2\"; } );\n" WIRES,
		 "main: ports become 3 instead of 2: that needs a restart\n"},
		{TWO_PORTS "wires = ( { a = \"b\"; b = \"a\"; } );",
		 "main: wires change: that needs a restart\n"},
	};
	struct loaded running = load_good(TWO_PORTS WIRES);

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct loaded next = load_good(cases[i].text);

		assert_said(&running.config, &next.config, cases[i].expected);
		config_fini(&next.config);
	}
	config_fini(&running.config);
}

// The port that differs may be in an included file.
static void
a_port_is_told_by_its_file(void **state)
{
	struct loaded running = load_good(TWO_PORTS WIRES), next;

	(void)state;
	folder_write("part", "\nports = ( { name = \"a\"; device = \"net_null0\"; },\n"
			     "          { name = \"b\"; device = \"net_null9\"; } );\n");
	next = load_good("@include \"part\"\n" WIRES);
	assert_said(&running.config, &next.config,
		    "part:3: ports: \"b\" was \"b\", device \"net_null1\": that needs a restart\n");
	loaded_fini(&running);
	loaded_fini(&next);
}

static void
set_field(const struct cfg_field *field, struct config *config, uint32_t value)
{
	void *member = (char *)config + field->offset;

	if (field->type == CFG_FIELD_BOOL)
		*(bool *)member = value != 0;
	else if (field->type == CFG_FIELD_U8)
		*(uint8_t *)member = (uint8_t)value;
	else
		*(uint32_t *)member = value;
}

static void
settings_that_stay_are_these(void **state)
{
	static const char *const fixed[] = {
		"workers changes from 1 to 2",
		"measure_cycles changes from false to true",
		"fragments.max_datagrams changes from 1024 to 1025",
		"fragments.max_fragments changes from 8192 to 8193",
		"conntrack.max_connections changes from 1048576 to 1048577",
		"conntrack.table changes from lines to rte_hash",
		"conntrack.dccp changes from tracked to generic",
	};
	struct loaded running = load_good(TWO_PORTS WIRES);
	struct config next = running.config;
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < cfg_n_fields; i++) {
		const struct cfg_field *field = &cfg_fields[i];
		uint32_t value = cfg_field_get(field, &running.config);
		char expected[128] = "";

		if (!field->is_live) {
			assert_true(n < RTE_DIM(fixed));
			snprintf(expected, sizeof(expected), "main: %s: that needs a restart\n",
				 fixed[n++]);
		}
		set_field(field, &next, value < field->high ? value + 1 : value - 1);
		assert_said(&running.config, &next, expected);
		set_field(field, &next, value);
	}
	assert_int_equal(n, RTE_DIM(fixed));
	config_fini(&running.config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_wires_stay),
		cmocka_unit_test(a_port_is_told_by_its_file),
		cmocka_unit_test(settings_that_stay_are_these),
	};

	return cmocka_run_group_tests(tests, folder_init, folder_fini);
}
