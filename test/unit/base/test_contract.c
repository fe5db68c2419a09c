// SPDX-License-Identifier: BSD-3-Clause
//
// A broken contract ends the process in a build that checks them, and costs nothing in others.
#include "base/contract.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/escape.h"
#include "util/death.h"

#ifdef SALLYPORT_CONTRACTS

static void
one_that_holds_is_silent(void **state)
{
	int n = 1;

	(void)state;
	CONTRACT(n++ == 1);
	assert_int_equal(n, 2); // evaluated once
}

static void
break_it(void *one)
{
	CONTRACT(*(int *)one == 2);
}

static void
one_that_is_broken_ends_the_process_and_says_where(void **state)
{
	int one = 1;

	(void)state;
	assert_dies(break_it, &one, "test_contract.c:");
	assert_dies(break_it, &one, "break_it: broken contract: *(int *)one == 2");
}

static void
escape_into_nothing(void *text)
{
	escape_text("text", text, 0);
}

static void
text_without_room_is_a_broken_contract(void **state)
{
	char text[1];

	(void)state;
	assert_dies(escape_into_nothing, text, "escape_text: broken contract: size > 0");
}

static void *
call(void *owner)
{
	CONTRACT_OWNER((struct contract_owner *)owner);
	return NULL;
}

static void
call_from_another_thread(void *owner)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, call, owner) == 0)
		pthread_join(thread, NULL);
}

static void
whoever_called_first_is_the_owner(void **state)
{
	struct contract_owner owner = {0};
	struct contract_owner other = {0};

	(void)state;
	call(&owner);
	call(&owner);
	assert_dies(call_from_another_thread, &owner, "broken contract: only its owner calls this");
	call_from_another_thread(&other);
}

#else

static void
nothing_is_left_of_it(void **state)
{
	struct contract_owner owner;
	int n = 1;

	(void)state;
	CONTRACT(n++ == 2);
	CONTRACT_OWNER(&owner);
	assert_int_equal(n, 1);
	assert_int_equal(sizeof(owner), 0);
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef SALLYPORT_CONTRACTS
		cmocka_unit_test(one_that_holds_is_silent),
		cmocka_unit_test(one_that_is_broken_ends_the_process_and_says_where),
		cmocka_unit_test(text_without_room_is_a_broken_contract),
		cmocka_unit_test(whoever_called_first_is_the_owner),
#else
		cmocka_unit_test(nothing_is_left_of_it),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
