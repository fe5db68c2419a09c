// SPDX-License-Identifier: BSD-3-Clause
//
// What a service manager hears. It is a datagram socket of the test; the lcores are counters that
// the test turns, and time is a number.
#include "runtime/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define N_LCORES     3
#define WATCHDOG_SEC 20
#define NS_PER_LOOK  (WATCHDOG_SEC * NS_PER_SEC / 4)

// A manager, and a firewall of three lcores that it looks after.
struct manager {
	int socket;
	uint64_t now_ns;
	uint64_t turns[N_LCORES];
	struct notify notify;
};

static int
listen_to(struct manager *manager)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1;
	char name[sizeof(address.sun_path)];

	// An abstract name leaves no file behind.
	len += (socklen_t)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
				   "sallyport-test-%d", (int)getpid());
	snprintf(name, sizeof(name), "@%s", address.sun_path + 1);
	manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (manager->socket < 0 || bind(manager->socket, (struct sockaddr *)&address, len) != 0)
		return -1;
	return setenv("NOTIFY_SOCKET", name, 1);
}

static void
set_watchdog(const char *usec, int pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (usec == NULL)
		unsetenv("WATCHDOG_USEC");
	else
		setenv("WATCHDOG_USEC", usec, 1);
	setenv("WATCHDOG_PID", text, 1);
}

static void
start(struct manager *manager)
{
	notify_init(&manager->notify);
	for (unsigned int i = 0; i < N_LCORES; i++)
		notify_watch(&manager->notify, 10 + i, &manager->turns[i]);
}

static int
set_up(void **state)
{
	struct manager *manager = calloc(1, sizeof(*manager));

	*state = manager;
	if (manager == NULL || listen_to(manager) != 0)
		return -1;
	set_watchdog("20000000", getpid());
	start(manager);
	return 0;
}

static int
tear_down(void **state)
{
	struct manager *manager = *state;

	close(manager->socket);
	unsetenv("NOTIFY_SOCKET");
	free(manager);
	return 0;
}

static void
assert_hears_nothing(const struct manager *manager)
{
	char text[64];

	assert_int_equal(recv(manager->socket, text, sizeof(text), 0), -1);
}

static void
assert_hears(const struct manager *manager, const char *expected)
{
	char text[64] = "";

	assert_true(recv(manager->socket, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, expected);
	assert_hears_nothing(manager);
}

static void
turn_all(struct manager *manager)
{
	for (unsigned int i = 0; i < N_LCORES; i++)
		manager->turns[i]++;
}

// The main thread comes around after that time.
static void
look_after(struct manager *manager, uint64_t ns)
{
	manager->now_ns += ns;
	notify_turn(&manager->notify, manager->now_ns);
}

static void
make_ready(struct manager *manager)
{
	turn_all(manager);
	look_after(manager, 0);
	assert_hears(manager, "READY=1");
}

static uint64_t
pause_ns(const struct manager *manager)
{
	struct timespec pause;

	assert_ptr_equal(notify_pause(&manager->notify, manager->now_ns, &pause), &pause);
	return (uint64_t)pause.tv_sec * NS_PER_SEC + (uint64_t)pause.tv_nsec;
}

static void
ready_once_every_lcore_turns(void **state)
{
	struct manager *manager = *state;

	look_after(manager, 0);
	for (unsigned int i = 0; i < N_LCORES; i++) {
		assert_hears_nothing(manager);
		assert_in_range(pause_ns(manager), 1, NS_PER_SEC / 10);
		manager->turns[i]++;
		look_after(manager, pause_ns(manager));
	}
	assert_hears(manager, "READY=1");
}

static void
the_watchdog_is_fed_while_all_turn(void **state)
{
	struct manager *manager = *state;

	make_ready(manager);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t ns = pause_ns(manager);

		// sd_watchdog_enabled(3) advises half of the time; later could be too late.
		assert_in_range(ns, 1, WATCHDOG_SEC * NS_PER_SEC / 2);
		turn_all(manager);
		look_after(manager, ns);
		assert_hears(manager, "WATCHDOG=1");
	}
}

// Each of them once: the others turn on.
static void
the_watchdog_is_not_fed_while_one_stands_still(void **state)
{
	struct manager *manager = *state;

	make_ready(manager);
	for (unsigned int standing = 0; standing < N_LCORES; standing++) {
		for (unsigned int looks = 0; looks < 5; looks++) {
			uint64_t turns = manager->turns[standing];

			turn_all(manager);
			manager->turns[standing] = turns;
			look_after(manager, NS_PER_LOOK);
			assert_hears_nothing(manager);
		}
		manager->turns[standing]++;
		look_after(manager, NS_PER_LOOK);
		assert_hears(manager, "WATCHDOG=1");
	}
}

// A turn that was seen once does not count again.
static void
the_watchdog_is_not_fed_while_all_stand_still(void **state)
{
	struct manager *manager = *state;

	make_ready(manager);
	for (unsigned int looks = 0; looks < 10; looks++) {
		look_after(manager, NS_PER_LOOK);
		assert_hears_nothing(manager);
	}
}

// Signals wake the main thread at any time, before any lcore could complete a turn.
static void
being_woken_early_changes_nothing(void **state)
{
	struct manager *manager = *state;

	make_ready(manager);
	turn_all(manager);
	for (unsigned int i = 0; i < 4; i++) {
		look_after(manager, NS_PER_LOOK / 5);
		assert_hears_nothing(manager);
	}
	assert_in_range(pause_ns(manager), NS_PER_LOOK / 5, NS_PER_LOOK / 5 + 4);
	look_after(manager, pause_ns(manager));
	assert_hears(manager, "WATCHDOG=1");
}

static void
coming_late_means_no_pause(void **state)
{
	struct manager *manager = *state;

	make_ready(manager);
	manager->now_ns += 7 * NS_PER_LOOK;
	assert_int_equal(pause_ns(manager), 0);
}

static void
assert_only_ready(struct manager *manager)
{
	struct timespec pause;

	start(manager);
	make_ready(manager);
	assert_null(notify_pause(&manager->notify, manager->now_ns, &pause));
	turn_all(manager);
	look_after(manager, NS_PER_LOOK);
	assert_hears_nothing(manager);
}

static void
without_a_watchdog_nothing_follows_ready(void **state)
{
	set_watchdog(NULL, getpid());
	assert_only_ready(*state);
}

// The variables are inherited by processes that they are not about.
static void
the_watchdog_of_another_process_is_not_fed(void **state)
{
	set_watchdog("20000000", getpid() + 1);
	assert_only_ready(*state);
}

static void
a_watchdog_that_makes_no_sense_is_none(void **state)
{
	set_watchdog("soon", getpid());
	assert_only_ready(*state);
}

static void
stopping_is_told_by_who_was_ready(void **state)
{
	struct manager *manager = *state;

	notify_stopping(&manager->notify);
	assert_hears_nothing(manager);
	make_ready(manager);
	notify_stopping(&manager->notify);
	assert_hears(manager, "STOPPING=1");
}

static void
reloading_is_told_by_who_was_ready(void **state)
{
	struct manager *manager = *state;
	char text[64] = "";
	unsigned long long usec = 0;
	struct timespec before, after;

	notify_reloading(&manager->notify);
	notify_reloaded(&manager->notify);
	assert_hears_nothing(manager);
	make_ready(manager);
	clock_gettime(CLOCK_MONOTONIC, &before);
	notify_reloading(&manager->notify);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(recv(manager->socket, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	assert_in_range(usec, before.tv_sec * 1000000 + before.tv_nsec / 1000,
			after.tv_sec * 1000000 + after.tv_nsec / 1000);
	turn_all(manager);
	look_after(manager, 5 * NS_PER_SEC);
	assert_hears(manager, "WATCHDOG=1");
	notify_reloaded(&manager->notify);
	assert_hears(manager, "READY=1");
}

static void
without_a_manager_all_goes_its_way(void **state)
{
	struct manager *manager = *state;

	unsetenv("NOTIFY_SOCKET");
	turn_all(manager);
	look_after(manager, 0);
	assert_true(manager->notify.is_ready);
	notify_stopping(&manager->notify);
	assert_hears_nothing(manager);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ready_once_every_lcore_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_is_fed_while_all_turn, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_is_not_fed_while_one_stands_still,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_is_not_fed_while_all_stand_still,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(being_woken_early_changes_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(coming_late_means_no_pause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_watchdog_nothing_follows_ready, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_of_another_process_is_not_fed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_watchdog_that_makes_no_sense_is_none, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(stopping_is_told_by_who_was_ready, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reloading_is_told_by_who_was_ready, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_a_manager_all_goes_its_way, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
