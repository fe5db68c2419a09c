// SPDX-License-Identifier: BSD-3-Clause
//
// The output is compared with text by the OpenMetrics 1.0 specification, and by that of Prometheus'
// text format 0.0.4.
#include "report/openmetrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t len;
static FILE *out;

static int
begin(void **state)
{
	(void)state;
	out = open_memstream(&text, &len);
	return out == NULL ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	return 0;
}

static void
assert_text(const char *expected)
{
	fflush(out);
	assert_string_equal(text, expected);
}

static void
a_family_has_help_type_and_unit(void **state)
{
	(void)state;
	openmetrics_write_family(out, OPENMETRICS_TEXT,
				 &(struct openmetrics_family){"a_bytes", "Some \"A\\B\"\nand more.",
							      "bytes", METRIC_COUNTER});
	openmetrics_write_family(out, OPENMETRICS_TEXT,
				 &(struct openmetrics_family){"b", "B.", NULL, METRIC_GAUGE});
	openmetrics_write_family(
		out, OPENMETRICS_TEXT,
		&(struct openmetrics_family){"c_seconds", "C.", "seconds", METRIC_HISTOGRAM});
	openmetrics_write_end(out, OPENMETRICS_TEXT);
	assert_text("# HELP a_bytes Some \\\"A\\\\B\\\"\\nand more.\n"
		    "# TYPE a_bytes counter\n"
		    "# UNIT a_bytes bytes\n"
		    "# HELP b B.\n"
		    "# TYPE b gauge\n"
		    "# HELP c_seconds C.\n"
		    "# TYPE c_seconds histogram\n"
		    "# UNIT c_seconds seconds\n"
		    "# EOF\n");
}

static void
the_older_format_names_a_counter_after_its_samples(void **state)
{
	(void)state;
	openmetrics_write_family(out, OPENMETRICS_PROMETHEUS,
				 &(struct openmetrics_family){"a_bytes", "Some \"A\\B\"\nand more.",
							      "bytes", METRIC_COUNTER});
	openmetrics_write_family(out, OPENMETRICS_PROMETHEUS,
				 &(struct openmetrics_family){"b", "B.", NULL, METRIC_GAUGE});
	openmetrics_write_end(out, OPENMETRICS_PROMETHEUS);
	assert_text("# HELP a_bytes_total Some \"A\\\\B\"\\nand more.\n"
		    "# TYPE a_bytes_total counter\n"
		    "# HELP b B.\n"
		    "# TYPE b gauge\n");
}

static void
labels_are_escaped(void **state)
{
	const struct openmetrics_label labels[] = {
		{"rule", "say \"hi\""},
		{"file", "a\\b\nc"},
		{"name", "d\xc3\xa9j\xc3\xa0, {vu}="},
	};

	(void)state;
	openmetrics_write_sample(out, "a", "_total", labels, 3, "18446744073709551615");
	openmetrics_write_sample(out, "b", "", labels, 1, "0.5");
	openmetrics_write_sample(out, "c", "", NULL, 0, "0");
	assert_text("a_total{rule=\"say \\\"hi\\\"\",file=\"a\\\\b\\nc\","
		    "name=\"d\xc3\xa9j\xc3\xa0, {vu}=\"} 18446744073709551615\n"
		    "b{rule=\"say \\\"hi\\\"\"} 0.5\n"
		    "c 0\n");
}

static void
only_names_are_names(void **state)
{
	(void)state;
	assert_true(openmetrics_is_name("a:B_9"));
	assert_true(openmetrics_is_name(":a"));
	assert_false(openmetrics_is_name("9a"));
	assert_false(openmetrics_is_name(""));
	assert_false(openmetrics_is_name("a-b"));
	assert_false(openmetrics_is_name("a\n"));
	assert_true(openmetrics_is_label("_a9"));
	assert_false(openmetrics_is_label("a:b"));
	assert_false(openmetrics_is_label("9a"));
	assert_false(openmetrics_is_label(""));
	assert_string_equal(openmetrics_suffix(METRIC_COUNTER), "_total");
	assert_string_equal(openmetrics_suffix(METRIC_GAUGE), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_family_has_help_type_and_unit, begin, end),
		cmocka_unit_test_setup_teardown(the_older_format_names_a_counter_after_its_samples,
						begin, end),
		cmocka_unit_test_setup_teardown(labels_are_escaped, begin, end),
		cmocka_unit_test(only_names_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
