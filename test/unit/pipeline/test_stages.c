// SPDX-License-Identifier: BSD-3-Clause
//
// The table of stages: how it is listed with the chains, and what a plan makes of it.
#include "pipeline/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "util/eal.h"
#include "util/path.h"

// One word per stage; chains in angles, what stands idle in round brackets.
static void
list(const struct snapshot *snapshot, char *text)
{
	struct stage stages[STAGES_MAX];
	unsigned int n = pipeline_stages(snapshot, stages);

	*text = '\0';
	for (unsigned int i = 0; i < n; i++) {
		const char *format = stages[i].kind == STAGE_CHAIN  ? "<%s>"
				     : stages[i].kind == STAGE_IDLE ? "(%s)"
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
	assert_stages(NULL, 0, CT_ENABLE_ALWAYS,
		      "lane parse steer defrag conntrack confirm forward");
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
	assert_stages(chains, RTE_DIM(chains), CT_ENABLE_ALWAYS,
		      "(lane) parse steer <first> defrag <raw> <before> conntrack <behind> "
		      "<filter> <filter2> "
		      "<last> confirm <late> forward");
}

static void
priorities_are_those_configured(void **state)
{
	static const struct chain chains[] = {
		{.name = (char *)"filter", .priority = 7, .policy = ACTION_ACCEPT},
		{.name = (char *)"late", .priority = INT32_MAX, .policy = ACTION_ACCEPT},
	};
	static const int32_t expected[] = {INT32_MIN, INT32_MIN, INT32_MIN, -400,     -200,
					   7,         INT32_MAX, INT32_MAX, INT32_MAX};
	struct stage stages[STAGES_MAX];
	struct path path;

	(void)state;
	path_open(&path, &(struct path_options){.chains = chains, .n_chains = RTE_DIM(chains)});
	assert_int_equal(pipeline_stages(path.snapshot, stages), RTE_DIM(expected));
	for (size_t i = 0; i < RTE_DIM(expected); i++)
		assert_int_equal(stages[i].priority, expected[i]);
	assert_int_equal(stages[5].index, 0);
	assert_int_equal(stages[7].index, 1);
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
		      "(lane) parse steer defrag (conntrack) <filter> (confirm) forward");
	assert_stages(&stateful, 1, CT_ENABLE_AUTO,
		      "lane parse steer defrag conntrack <filter> confirm forward");
	assert_stages(&stateless, 1, CT_ENABLE_ALWAYS,
		      "lane parse steer defrag conntrack <filter> confirm forward");
}

// What is done to a burst: chains by how many run together in round brackets, a pass in braces.
static void
describe_steps(const struct plan *plan, char *text)
{
	for (uint8_t i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		const char *name = "?";

		for (unsigned int row = 0; row < STAGE_ROWS; row++) {
			const struct stage_row *stage = &stage_rows[row];

			if (step->run == stage->work.run)
				name = stage->name;
			else if (step->run == stage->chains.run)
				name = "chains";
			else if (step->run == stage->end_pass.run)
				name = "end";
			else
				continue;
			break;
		}
		text += sprintf(text, "%s%s%s", i == 0 ? "" : " ",
				i == plan->pass && plan->pass < plan->behind ? "{" : "", name);
		if (step->n_chains > 0)
			text += sprintf(text, "(%u-%u)", step->first_chain,
					step->first_chain + step->n_chains - 1u);
		if (i + 1 == plan->behind && plan->pass < plan->behind)
			text += sprintf(text, "}");
	}
}

static void
assert_steps(const int32_t priorities[], unsigned int n_chains, enum ct_enable enable,
	     const char *expected)
{
	struct chain chains[CHAINS_MAX] = {0};
	struct path path;
	struct plan plan;
	char text[1024];

	for (unsigned int i = 0; i < n_chains; i++)
		chains[i] = (struct chain){.name = (char *)"chain",
					   .priority = priorities[i],
					   .policy = ACTION_ACCEPT};
	path_open(&path,
		  &(struct path_options){.chains = chains, .n_chains = n_chains, .enable = enable});
	assert_true(plan_init(&plan, path.snapshot));
	describe_steps(&plan, text);
	assert_string_equal(text, expected);
	plan_fini(&plan);
	path_close(&path);
}

static void
chains_between_two_stages_are_one_step(void **state)
{
	static const int32_t everywhere[] = {INT32_MIN, -401, -400,          -201,      -200,
					     0,         7,    INT32_MAX - 1, INT32_MAX, INT32_MAX};

	(void)state;
	assert_steps(NULL, 0, CT_ENABLE_ALWAYS,
		     "lane parse steer defrag {conntrack chains confirm end} forward");
	assert_steps(everywhere, RTE_DIM(everywhere), CT_ENABLE_ALWAYS,
		     "parse steer chains(0-1) defrag chains(2-3) {conntrack chains(4-7) confirm "
		     "chains(8-9) end} forward");
}

// The chains behind a stage that stands idle run as those behind the one before, for all packets.
static void
what_stands_idle_is_no_step(void **state)
{
	static const int32_t priorities[] = {-401, -300, 0, INT32_MAX};

	(void)state;
	assert_steps(NULL, 0, CT_ENABLE_AUTO, "parse steer defrag forward");
	assert_steps(priorities, RTE_DIM(priorities), CT_ENABLE_AUTO,
		     "parse steer chains(0-0) defrag chains(1-3) forward");
}

// The lane stands in for conntrack, its chains and confirm. What a chain anywhere else says it does
// not know, and then there is none.
static void
a_chain_that_the_lane_does_not_know_closes_it(void **state)
{
	static const struct {
		int32_t priority;
		const char *steps;
	} cases[] = {
		{INT32_MIN, "parse steer chains(0-0) defrag {conntrack confirm end} forward"},
		{-401, "parse steer chains(0-0) defrag {conntrack confirm end} forward"},
		{-400, "parse steer defrag chains(0-0) {conntrack confirm end} forward"},
		{-201, "parse steer defrag chains(0-0) {conntrack confirm end} forward"},
		{-200, "lane parse steer defrag {conntrack chains(0-0) confirm end} forward"},
		{INT32_MAX - 1,
		 "lane parse steer defrag {conntrack chains(0-0) confirm end} forward"},
		{INT32_MAX, "parse steer defrag {conntrack confirm chains(0-0) end} forward"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++)
		assert_steps(&cases[i].priority, 1, CT_ENABLE_ALWAYS, cases[i].steps);
}

static void
rows_stand_in_the_order_of_their_priorities(void **state)
{
	(void)state;
	for (unsigned int row = 1; row < STAGE_ROWS; row++) {
		assert_true(stage_rows[row - 1].priority <= stage_rows[row].priority);
		assert_non_null(stage_rows[row].work.run);
	}
	assert_int_equal(stage_rows[STAGE_ROWS - 1].priority, INT32_MAX);
	assert_null(stage_rows[STAGE_ROWS - 1].chains.run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_chains_there_are_the_built_in_stages),
		cmocka_unit_test(chains_stand_by_their_priorities),
		cmocka_unit_test(priorities_are_those_configured),
		cmocka_unit_test(stages_that_nobody_needs_stand_idle),
		cmocka_unit_test(rows_stand_in_the_order_of_their_priorities),
		cmocka_unit_test(chains_between_two_stages_are_one_step),
		cmocka_unit_test(what_stands_idle_is_no_step),
		cmocka_unit_test(a_chain_that_the_lane_does_not_know_closes_it),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
