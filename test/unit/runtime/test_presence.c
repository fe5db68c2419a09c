// SPDX-License-Identifier: BSD-3-Clause
//
// What happens to a port that loses its device, and when: the ports are flags of the test, the
// workers counters that it turns, and time is a number.
#include "runtime/presence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"

#define N_PORTS   3
#define N_WORKERS 2
#define LOOK_NS   (NS_PER_SEC / 5)

struct machine {
	uint64_t now_ns;
	uint64_t turns[N_WORKERS];
	bool has_device[N_PORTS];
	bool is_retired[N_PORTS];
	bool is_closed[N_PORTS];
	unsigned int n_tries;
	struct presence presence;
};

static bool
is_lost(void *context, unsigned int port)
{
	return !((struct machine *)context)->has_device[port];
}

static void
retire(void *context, unsigned int port)
{
	struct machine *machine = context;

	assert_false(machine->is_retired[port]);
	machine->is_retired[port] = true;
}

static void
close_port(void *context, unsigned int port)
{
	struct machine *machine = context;

	assert_true(machine->is_retired[port]);
	assert_false(machine->is_closed[port]);
	machine->is_closed[port] = true;
}

static bool
reopen(void *context, unsigned int port)
{
	struct machine *machine = context;

	assert_true(machine->is_closed[port]);
	machine->n_tries++;
	if (!machine->has_device[port])
		return false;
	machine->is_closed[port] = machine->is_retired[port] = false;
	return true;
}

static void
start(struct machine *machine)
{
	static const struct presence_ops ops = {is_lost, retire, close_port, reopen};

	*machine = (struct machine){.now_ns = NS_PER_SEC};
	presence_init(&machine->presence, &ops, machine, N_PORTS);
	for (unsigned int i = 0; i < N_PORTS; i++)
		machine->has_device[i] = true;
	for (unsigned int i = 0; i < N_WORKERS; i++)
		presence_watch(&machine->presence, &machine->turns[i]);
}

// This many turns of each worker, then a check.
static void
look(struct machine *machine, uint64_t first, uint64_t second)
{
	machine->turns[0] += first;
	machine->turns[1] += second;
	presence_turn(&machine->presence, machine->now_ns);
	machine->now_ns += LOOK_NS;
}

static void
the_others_go_on(void **state)
{
	struct machine machine;

	(void)state;
	start(&machine);
	look(&machine, 9, 9);
	machine.has_device[1] = false;
	for (unsigned int i = 0; i < 100; i++)
		look(&machine, 9, 9);
	assert_false(machine.is_retired[0]);
	assert_true(machine.is_closed[1]);
	assert_false(machine.is_retired[2]);
}

static void
a_device_is_closed_when_no_worker_can_use_it(void **state)
{
	struct machine machine;

	(void)state;
	start(&machine);
	machine.has_device[0] = false;
	look(&machine, 5, 5);
	assert_true(machine.is_retired[0]);
	assert_false(machine.is_closed[0]);
	look(&machine, 100, 0); // the second one is still in the turn it was in
	look(&machine, 100, 1); // it ended, and the next one may have begun too early
	assert_false(machine.is_closed[0]);
	look(&machine, 0, 1);
	assert_true(machine.is_closed[0]);
}

static void
a_device_that_returns_is_opened_within_a_second(void **state)
{
	struct machine machine;

	(void)state;
	start(&machine);
	machine.has_device[2] = false;
	look(&machine, 1, 1);
	look(&machine, 2, 2);
	for (unsigned int i = 0; i < 50; i++) // ten seconds
		look(&machine, 1, 1);
	assert_in_range(machine.n_tries, 9, 11);
	machine.has_device[2] = true;
	for (unsigned int i = 0; i < 6; i++)
		look(&machine, 1, 1);
	assert_false(machine.is_closed[2]);
	assert_false(machine.is_retired[2]);

	// And once more, for it may come and go.
	machine.has_device[2] = false;
	look(&machine, 1, 1);
	assert_true(machine.is_retired[2]);
}

static void
it_looks_no_more_often_than_it_has_to(void **state)
{
	struct machine machine;

	(void)state;
	start(&machine);
	look(&machine, 1, 1);
	machine.has_device[0] = false;
	presence_turn(&machine.presence, machine.now_ns - 1);
	assert_false(machine.is_retired[0]);
	presence_turn(&machine.presence, machine.now_ns);
	assert_true(machine.is_retired[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_others_go_on),
		cmocka_unit_test(a_device_is_closed_when_no_worker_can_use_it),
		cmocka_unit_test(a_device_that_returns_is_opened_within_a_second),
		cmocka_unit_test(it_looks_no_more_often_than_it_has_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
