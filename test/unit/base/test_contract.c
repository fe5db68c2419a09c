// SPDX-License-Identifier: BSD-3-Clause
//
// A broken contract ends the process in a build that checks them, and costs nothing in others.
#include "base/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/metric.h"
#include "base/progress.h"
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

static void
reserve_an_odd_ring(void *none)
{
	(void)none;
	bytes_of_ring(8, 3);
}

static void
name_a_line_of_no_file(void *errors)
{
	errors_add(errors, NULL, 1, "wrong");
}

static void
read_behind_the_values(void *metric)
{
	metric_value(metric, &(uint64_t){0}, 1);
}

static void
sum_what_is_no_histogram(void *metric)
{
	metric_sum_ns(metric, &(uint64_t){0});
}

static void
tell_progress_without_rest(void *progress)
{
	progress_begin(progress, 0, "for ever");
}

static void
what_headers_of_base_demand_is_checked(void **state)
{
	struct metric metric = {.kind = METRIC_GAUGE, .width = 8, .n = 1};
	struct progress progress;
	struct errors errors;

	(void)state;
	errors_init(&errors);
	assert_dies(reserve_an_odd_ring, NULL, "bytes_of_ring: broken contract");
	assert_dies(name_a_line_of_no_file, &errors, "errors_add: broken contract: file != NULL");
	assert_dies(read_behind_the_values, &metric, "broken contract: element < metric->n");
	assert_dies(sum_what_is_no_histogram, &metric, "metric_sum_ns: broken contract");
	assert_dies(tell_progress_without_rest, &progress, "progress_begin: broken contract");
}

static void *
call(void *owner)
{
	CONTRACT_OWNER((struct contract_owner *)owner);
	return NULL;
}

static void *
call_as_another(void *owner)
{
	CONTRACT_NOT_OWNER((struct contract_owner *)owner);
	return NULL;
}

static void *
call_in_main(void *none)
{
	CONTRACT_MAIN_THREAD();
	return none;
}

static void
call_from_another_thread(void *owner)
{
	call_elsewhere(call, owner);
}

static void
call_from_its_own_thread(void *owner)
{
	call_as_another(owner);
}

static void
call_aside_of_main(void *none)
{
	call_elsewhere(call_in_main, none);
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

static void
others_than_the_owner_call(void **state)
{
	struct contract_owner owner = {0};

	(void)state;
	call_as_another(&owner); // there is none
	call(&owner);
	call_elsewhere(call_as_another, &owner);
	assert_dies(call_from_its_own_thread, &owner, "broken contract: its owner does not");
}

static void
only_one_thread_is_the_main_one(void **state)
{
	(void)state;
	call_in_main(NULL);
	assert_dies(call_aside_of_main, NULL, "broken contract: only the main thread calls this");
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
	CONTRACT_NOT_OWNER(&owner);
	CONTRACT_MAIN_THREAD();
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
		cmocka_unit_test(what_headers_of_base_demand_is_checked),
		cmocka_unit_test(whoever_called_first_is_the_owner),
		cmocka_unit_test(others_than_the_owner_call),
		cmocka_unit_test(only_one_thread_is_the_main_one),
#else
		cmocka_unit_test(nothing_is_left_of_it),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
