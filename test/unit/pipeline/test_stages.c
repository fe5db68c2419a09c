// SPDX-License-Identifier: BSD-3-Clause
//
// The list of stages and chains, in the order in which packets meet them.
#include "pipeline/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "path.h"
#include "util/eal.h"

// One word per stage; chains in angles, what stands idle in round brackets.
static void
list(const struct snapshot *snapshot, char *text)
{
	struct stage stages[STAGES_MAX];
	unsigned int n = pipeline_stages(snapshot, stages);

	*text = '\0';
	for (unsigned int i = 0; i < n; i++) {
		const char *format = strcmp(stages[i].kind, "chain") == 0  ? "<%s>"
				     : strcmp(stages[i].kind, "idle") == 0 ? "(%s)"
									   : "%s";

		text += sprintf(text, "%s", i == 0 ? "" : " ");
		text += sprintf(text, format, stages[i].name);
	}
}

static void
assert_stages(const struct chain chains[], unsigned int n_chains, enum ct_enable enable,
	      const char *expected)
{
	struct path path;
	char text[1024];

	path_open(&path, &(struct path_options){
				 .chains = chains,
				 .n_chains = n_chains,
				 .enable = enable,
			 });
	list(path.snapshot, text);
	assert_string_equal(text, expected);
	path_close(&path);
}

static void
without_chains_there_are_the_built_in_stages(void **state)
{
	(void)state;
	assert_stages(NULL, 0, CT_ENABLE_ALWAYS, "parse steer defrag conntrack confirm forward");
}

// A chain with the priority of a stage runs behind it; two with the same stay in their order.
static void
chains_stand_by_their_priorities(void **state)
{
	static const struct chain chains[] = {
		{.name = (char *)"first", .priority = INT32_MIN, .policy = ACTION_ACCEPT},
		{.name = (char *)"raw", .priority = -300, .policy = ACTION_ACCEPT},
		{.name = (char *)"before", .priority = -201, .policy = ACTION_ACCEPT},
		{.name = (char *)"behind", .priority = -200, .policy = ACTION_ACCEPT},
		{.name = (char *)"filter", .priority = 0, .policy = ACTION_ACCEPT},
		{.name = (char *)"filter2", .priority = 0, .policy = ACTION_ACCEPT},
		{.name = (char *)"last", .priority = INT32_MAX - 1, .policy = ACTION_ACCEPT},
		{.name = (char *)"late", .priority = INT32_MAX, .policy = ACTION_ACCEPT},
	};

	(void)state;
	assert_stages(
		chains, RTE_DIM(chains), CT_ENABLE_ALWAYS,
		"parse steer <first> defrag <raw> <before> conntrack <behind> <filter> <filter2> "
		"<last> confirm <late> forward");
}

static void
priorities_are_those_configured(void **state)
{
	static const struct chain chains[] = {
		{.name = (char *)"filter", .priority = 7, .policy = ACTION_ACCEPT},
		{.name = (char *)"late", .priority = INT32_MAX, .policy = ACTION_ACCEPT},
	};
	static const int32_t expected[] = {INT32_MIN, INT32_MIN, -400,      -200,
					   7,         INT32_MAX, INT32_MAX, INT32_MAX};
	struct stage stages[STAGES_MAX];
	struct path path;

	(void)state;
	path_open(&path, &(struct path_options){.chains = chains, .n_chains = RTE_DIM(chains)});
	assert_int_equal(pipeline_stages(path.snapshot, stages), RTE_DIM(expected));
	for (size_t i = 0; i < RTE_DIM(expected); i++)
		assert_int_equal(stages[i].priority, expected[i]);
	assert_int_equal(stages[4].chain, 0);
	assert_int_equal(stages[6].chain, 1);
	path_close(&path);
}

// Tracking on demand: no rule asks for it, or one does.
static void
stages_that_nobody_needs_stand_idle(void **state)
{
	struct rule drop_web = {.action = ACTION_DROP};
	struct rule accept_new = {.action = ACTION_ACCEPT, .match.classes = 1 << CLASS_NEW};
	const struct chain stateless = {.name = (char *)"filter",
					.policy = ACTION_ACCEPT,
					.n_rules = 1,
					.rules = &drop_web};
	const struct chain stateful = {.name = (char *)"filter",
				       .policy = ACTION_DROP,
				       .n_rules = 1,
				       .rules = &accept_new};

	(void)state;
	assert_stages(&stateless, 1, CT_ENABLE_AUTO,
		      "parse steer defrag (conntrack) <filter> (confirm) forward");
	assert_stages(&stateful, 1, CT_ENABLE_AUTO,
		      "parse steer defrag conntrack <filter> confirm forward");
	assert_stages(&stateless, 1, CT_ENABLE_ALWAYS,
		      "parse steer defrag conntrack <filter> confirm forward");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_chains_there_are_the_built_in_stages),
		cmocka_unit_test(chains_stand_by_their_priorities),
		cmocka_unit_test(priorities_are_those_configured),
		cmocka_unit_test(stages_that_nobody_needs_stand_idle),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
