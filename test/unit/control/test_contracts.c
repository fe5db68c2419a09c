// SPDX-License-Identifier: BSD-3-Clause
//
// What answers of the telemetry socket demand of who fills them is checked where contracts are
// (base/contract.h).
#include "control/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/death.h"

static void
name_an_element_of_a_list(void *space)
{
	struct answer list = answer_begin(space, "/list", ANSWER_LIST);

	answer_number(&list, "name", 1);
}

static void
name_no_member_of_an_object(void *space)
{
	struct answer object = answer_begin(space, "/object", ANSWER_OBJECT);

	answer_number(&object, NULL, 1);
}

static void
fill_what_has_ended(void *space)
{
	struct answer object = answer_begin(space, "/object", ANSWER_OBJECT);
	struct answer inner = answer_object(&object, "inner");

	answer_number(&object, "behind", 1);
	answer_number(&inner, "late", 1);
}

static void
go_too_deep(void *space)
{
	struct answer object = answer_begin(space, "/object", ANSWER_OBJECT);

	for (unsigned int depth = 0; depth < ANSWER_DEPTH_MAX; depth++)
		object = answer_object(&object, "inner");
}

static void
broken_ones_end_the_process(void **state)
{
	static struct answer_space space;

	(void)state;
	skip_without_contracts();
	assert_dies(name_an_element_of_a_list, &space, "add: broken contract: (name == NULL) ==");
	assert_dies(name_no_member_of_an_object, &space, "add: broken contract: (name == NULL) ==");
	assert_dies(fill_what_has_ended, &space, "add: broken contract: answer->depth <=");
	assert_dies(go_too_deep, &space, "open_inside: broken contract: space->depth <");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
