// SPDX-License-Identifier: BSD-3-Clause
//
// Mirrored links, with cables that the test pulls and plugs in. A link is up when its cable is in,
// nobody holds it down, and both have been so for as long as the two sides take to agree.
#include "runtime/links.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"

#define STEP_NS (NS_PER_SEC / 10)

enum { LAN, WAN, N_ENDS };

struct bench {
	uint64_t now_ns;
	uint64_t agree_ns; // from plugged in and not held down until the link is up
	bool is_plugged[N_ENDS];
	bool is_down[N_ENDS]; // set so
	bool is_fixed[N_ENDS];
	uint64_t since_ns[N_ENDS];
	unsigned int n_sets;
	struct links links;
};

static bool
is_up(void *context, unsigned int port)
{
	const struct bench *bench = context;

	return bench->is_plugged[port] && !bench->is_down[port] &&
	       bench->now_ns >= bench->since_ns[port] + bench->agree_ns;
}

static int
set(void *context, unsigned int port, bool is_up)
{
	struct bench *bench = context;

	if (bench->is_fixed[port])
		return -ENOTSUP;
	bench->n_sets++;
	if (bench->is_down[port] == is_up)
		bench->since_ns[port] = bench->now_ns;
	bench->is_down[port] = !is_up;
	return 0;
}

static const struct links_ops ops = {is_up, set};

static void
start(struct bench *bench, uint64_t agree_ns)
{
	static const unsigned int ports[] = {LAN, WAN};
	static const char *const names[] = {"lan", "wan"};

	bench->now_ns = NS_PER_SEC;
	bench->agree_ns = agree_ns;
	bench->is_plugged[LAN] = bench->is_plugged[WAN] = true;
	bench->since_ns[LAN] = bench->since_ns[WAN] = bench->now_ns;
	links_init(&bench->links, &ops, bench);
	links_mirror(&bench->links, ports, names, bench->now_ns);
	bench->n_sets = 0;
}

static void
pass(struct bench *bench, uint64_t ns)
{
	for (uint64_t end_ns = bench->now_ns + ns; bench->now_ns < end_ns;
	     bench->now_ns += STEP_NS) {
		links_turn(&bench->links, bench->now_ns);
		// Two ends that are held would never know when to come up.
		assert_false(bench->is_down[LAN] && bench->is_down[WAN]);
	}
}

static void
plug(struct bench *bench, unsigned int port, bool is_in)
{
	bench->is_plugged[port] = is_in;
	bench->since_ns[port] = bench->now_ns;
}

#define assert_links(bench, lan, wan)                                                              \
	do {                                                                                       \
		assert_int_equal(is_up(bench, LAN), lan);                                          \
		assert_int_equal(is_up(bench, WAN), wan);                                          \
	} while (0)

static void
good_links_are_left_alone(void **state)
{
	struct bench bench = {0};

	(void)state;
	start(&bench, 3 * NS_PER_SEC);
	pass(&bench, 60 * NS_PER_SEC);
	assert_links(&bench, true, true);
	assert_int_equal(bench.n_sets, 0);
}

static void
each_end_follows_the_other(void **state)
{
	(void)state;
	for (unsigned int port = LAN; port < N_ENDS; port++) {
		struct bench bench = {0};
		unsigned int other = 1 - port;

		start(&bench, 3 * NS_PER_SEC);
		pass(&bench, 10 * NS_PER_SEC);
		plug(&bench, port, false);
		pass(&bench, NS_PER_SEC / 2);
		assert_true(bench.is_down[other]);
		pass(&bench, 60 * NS_PER_SEC);
		assert_int_equal(bench.n_sets, 1);
		plug(&bench, port, true);
		pass(&bench, 7 * NS_PER_SEC);
		assert_links(&bench, true, true);
		pass(&bench, 60 * NS_PER_SEC);
		assert_int_equal(bench.n_sets, 2);
	}
}

// Both cables are pulled, and plugged in one after the other.
static void
two_broken_cables_heal(void **state)
{
	struct bench bench = {0};

	(void)state;
	start(&bench, 3 * NS_PER_SEC);
	pass(&bench, 10 * NS_PER_SEC);
	plug(&bench, LAN, false);
	plug(&bench, WAN, false);
	pass(&bench, 60 * NS_PER_SEC);
	// The one that comes back has to go down again, since the other is still broken.
	plug(&bench, LAN, true);
	pass(&bench, 20 * NS_PER_SEC);
	assert_links(&bench, false, false);
	plug(&bench, WAN, true);
	pass(&bench, 20 * NS_PER_SEC);
	assert_links(&bench, true, true);
}

static void
a_cable_that_is_missing_at_the_start_takes_the_other_link_down(void **state)
{
	struct bench bench = {0};

	(void)state;
	start(&bench, 3 * NS_PER_SEC);
	plug(&bench, WAN, false);
	pass(&bench, 4 * NS_PER_SEC);
	assert_links(&bench, true, false);
	pass(&bench, 2 * NS_PER_SEC);
	assert_links(&bench, false, false);
	plug(&bench, WAN, true);
	pass(&bench, 10 * NS_PER_SEC);
	assert_links(&bench, true, true);
}

static void
an_end_that_cannot_follow_can_lead(void **state)
{
	struct bench bench = {.is_fixed[WAN] = true};

	(void)state;
	start(&bench, 0);
	pass(&bench, 10 * NS_PER_SEC);
	plug(&bench, LAN, false);
	pass(&bench, 10 * NS_PER_SEC);
	assert_links(&bench, false, true);
	plug(&bench, LAN, true);
	plug(&bench, WAN, false);
	pass(&bench, 10 * NS_PER_SEC);
	assert_links(&bench, false, false);
	assert_true(bench.is_down[LAN]);
	plug(&bench, WAN, true);
	pass(&bench, 10 * NS_PER_SEC);
	assert_links(&bench, true, true);
}

// Whatever else changes a held link, such as reopening its port.
static void
what_is_held_stays_down(void **state)
{
	struct bench bench = {0};

	(void)state;
	start(&bench, 0);
	pass(&bench, NS_PER_SEC);
	plug(&bench, LAN, false);
	pass(&bench, NS_PER_SEC);
	set(&bench, WAN, true);
	pass(&bench, NS_PER_SEC);
	assert_true(bench.is_down[WAN]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_links_are_left_alone),
		cmocka_unit_test(each_end_follows_the_other),
		cmocka_unit_test(two_broken_cables_heal),
		cmocka_unit_test(a_cable_that_is_missing_at_the_start_takes_the_other_link_down),
		cmocka_unit_test(an_end_that_cannot_follow_can_lead),
		cmocka_unit_test(what_is_held_stays_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
