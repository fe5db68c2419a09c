// SPDX-License-Identifier: BSD-3-Clause
//
// What the parts of a running firewall demand of it is checked where contracts are
// (base/contract.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "runtime/alarm.h"
#include "runtime/links.h"
#include "runtime/presence.h"
#include "runtime/samples.h"
#include "util/death.h"

static int
set_link(void *context, unsigned int port, bool is_up)
{
	(void)context;
	(void)port;
	(void)is_up;
	return 0;
}

static void
count_backwards(void *alarm)
{
	uint64_t n;

	alarm_turn(alarm, 2, 0, &n);
	alarm_turn(alarm, 1, 0, &n);
}

static void
mirror_a_wire_too_many(void *argument)
{
	static const struct links_ops ops = {.set = set_link};
	struct links *links = argument;

	links_init(links, &ops, NULL);
	for (unsigned int i = 0; i <= RTE_DIM(links->wires); i++)
		links_mirror(links, (const unsigned int[]){0, 1},
			     (const char *const[]){"lan", "wan"}, 0);
}

static void
watch_a_worker_too_many(void *argument)
{
	struct presence *presence = argument;
	const uint64_t turns = 0;

	presence_init(presence, NULL, NULL, 0);
	for (unsigned int i = 0; i <= RTE_DIM(presence->turns); i++)
		presence_watch(presence, &turns);
}

static void *
turn(void *presence)
{
	presence_turn(presence, 0);
	return NULL;
}

static void
turn_elsewhere(void *presence)
{
	call_elsewhere(turn, presence);
}

static void
write_a_sample_of_no_family(void *frame)
{
	const union address address = {0};

	sample_write(frame, SAMPLE_TCP, FAMILY_NONE, &address, &address);
}

static void
broken_ones_end_the_process(void **state)
{
	static struct presence presence;
	struct alarm alarm;
	struct links links;
	uint8_t frame[SAMPLE_MAX];

	(void)state;
	skip_without_contracts();
	alarm_init(&alarm, "it rings");
	assert_dies(count_backwards, &alarm, "alarm_turn: broken contract: counter >=");
	assert_dies(mirror_a_wire_too_many, &links, "links_mirror: broken contract: links->n <");
	assert_dies(watch_a_worker_too_many, &presence,
		    "presence_watch: broken contract: presence");
	assert_dies(turn_elsewhere, &presence,
		    "presence_turn: broken contract: only the main thread");
	assert_dies(write_a_sample_of_no_family, frame, "sample_write: broken contract: family ==");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
