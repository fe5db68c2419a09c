// SPDX-License-Identifier: BSD-3-Clause
//
// A pipeline goes by another plan: what changes for the packets that come, and what stays.
#include "pipeline/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "util/eal.h"
#include "util/path.h"

static struct rule drop_all = {.action = ACTION_DROP};
static struct rule drop_replies = {.action = ACTION_DROP, .match.dirs = 1 << DIR_REPLY};
static struct rule accept_all = {.action = ACTION_ACCEPT};
static struct rule set_tftp = {.set_helper = CT_HELPER_TFTP};

#define CHAIN(name_, priority_, rule)                                                              \
	{                                                                                          \
		.name = (char *)(name_), .priority = (priority_), .policy = ACTION_ACCEPT,         \
		.n_rules = 1, .rules = (rule)                                                      \
	}

static const struct chain accepting[] = {CHAIN("filter", 0, &accept_all)};
static const struct chain dropping_replies[] = {CHAIN("filter", 0, &drop_replies)};
static const struct chain dropping_early[] = {CHAIN("raw", -500, &drop_all),
					      CHAIN("filter", 0, &accept_all)};
static const struct chain helping[] = {CHAIN("filter", 0, &set_tftp)};

#define OPTIONS(chains_)                                                                           \
	&(struct path_options)                                                                     \
	{                                                                                          \
		.chains = (chains_), .n_chains = RTE_DIM(chains_)                                  \
	}

static struct pkt
send(struct path *path, bool is_reply)
{
	struct frame frame;

	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, is_reply ? "10.2.0.2" : "10.1.0.2", is_reply ? "10.1.0.2" : "10.2.0.2");
	frame_udp(&frame, is_reply ? 53 : 5000, is_reply ? 5000 : 53);
	frame_end(&frame);
	return path_one(path, &frame, is_reply ? WAN : LAN);
}

// Both directions have been judged, and so much is remembered about them.
static void
open_connection(struct path *path)
{
	path_open(path, OPTIONS(accepting));
	assert_path(path, send(path, false), "accept rule filter/0 new orig");
	for (int i = 0; i < 2; i++) {
		assert_path(path, send(path, true), "accept rule filter/0 established reply");
		assert_path(path, send(path, false), "accept rule filter/0 established orig");
	}
}

static void
the_rules_are_asked_anew_about_known_connections(void **state)
{
	struct path path;
	uint64_t id;

	(void)state;
	open_connection(&path);
	id = send(&path, false).conn_id;
	path_change(&path, OPTIONS(dropping_replies));
	assert_path(&path, send(&path, true), "drop rule filter/0 established reply");
	assert_path(&path, send(&path, false), "accept default filter established orig");
	assert_int_equal(send(&path, false).conn_id, id);
	path_change(&path, OPTIONS(accepting));
	assert_path(&path, send(&path, true), "accept rule filter/0 established reply");
	assert_int_equal(send(&path, true).conn_id, id);
	assert_int_equal(ct_count(path.ct).confirmed, 1);
	path_close(&path);
}

static void
chains_stand_elsewhere(void **state)
{
	struct path path;

	(void)state;
	open_connection(&path);
	path_change(&path, OPTIONS(dropping_early));
	assert_path(&path, send(&path, true), "drop rule raw/0");
	path_change(&path, &(struct path_options){0});
	assert_path(&path, send(&path, true), "accept default established reply");
	path_close(&path);
}

static void
counters_of_rules_begin_anew(void **state)
{
	struct path path;
	const struct rule_counter *counters;

	(void)state;
	open_connection(&path);
	assert_int_equal(pipeline_rule_counters(path.pipeline)[0].packets, 5);
	path_change(&path, OPTIONS(accepting));
	counters = pipeline_rule_counters(path.pipeline);
	assert_int_equal(counters[0].packets, 0);
	assert_int_equal(counters[0].bytes, 0);
	send(&path, false);
	assert_int_equal(counters[0].packets, 1);
	assert_int_equal(pipeline_stats(path.pipeline)->packets, 6); // those of frames go on
	path_close(&path);
}

// Half of a datagram of 16 bytes behind its UDP header.
static struct pkt
send_fragment(struct path *path, bool is_second)
{
	struct frame frame;
	uint8_t *ip, *udp;

	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	ip[6] = is_second ? 0 : 0x20;
	ip[7] = is_second ? 1 : 0;
	if (is_second) {
		frame_proto(&frame, PROTO_UDP, 8);
		frame_end(&frame);
	} else {
		udp = frame_udp(&frame, 5000, 53);
		frame_end(&frame);
		udp[5] = 16;
		udp[6] = udp[7] = 0; // no checksum
	}
	return path_one(path, &frame, LAN);
}

static void
fragments_that_wait_stay(void **state)
{
	struct path path;

	(void)state;
	path_open(&path, OPTIONS(accepting));
	send_fragment(&path, false);
	path_change(&path, OPTIONS(dropping_replies));
	assert_int_equal(pipeline_stats(path.pipeline)->held, 1);
	assert_path(&path, send_fragment(&path, true), "accept default filter new orig");
	assert_int_equal(path.n_frames[0], 2);
	path_close(&path);
}

static void
hurry(struct config *config)
{
	config->fragments.timeout_ipv4 = 10;
	config->conntrack.timeouts_sec[CT_TIMEOUT_UDP] = 10;
}

// Seconds until the packet's connection expires.
static uint32_t
timeout_of(struct pkt pkt)
{
	return (uint32_t)ticks_until(pkt.ct_deadline, pkt.now) / TICKS_PER_SEC;
}

static void
timeouts_hold_from_the_next_packet_on(void **state)
{
	struct path path;

	(void)state;
	path_open(&path, OPTIONS(accepting));
	assert_int_equal(timeout_of(send(&path, false)), 30);
	path_change(&path, &(struct path_options){.adjust = hurry});
	assert_int_equal(timeout_of(send(&path, false)), 10);
	path_close(&path);
}

static void
fragments_wait_as_long_as_is_said_now(void **state)
{
	struct path path;

	(void)state;
	path_open(&path, OPTIONS(accepting));
	send_fragment(&path, false);
	path_change(&path, &(struct path_options){.adjust = hurry});
	assert_int_equal(pipeline_expire(path.pipeline, path.now_ns + 9 * NS_PER_SEC, 1), 0);
	assert_int_equal(pipeline_expire(path.pipeline, path.now_ns + 10 * NS_PER_SEC, 1), 1);
	path_close(&path);
}

static void
a_helper_stays_without_the_rule_that_set_it(void **state)
{
	struct path path;
	struct ct_entry entry;

	(void)state;
	path_open(&path, OPTIONS(helping));
	send(&path, false);
	path_change(&path, OPTIONS(accepting));
	send(&path, true);
	assert_true(ct_read(path.ct, 0, CT_CONFIRMED, tick_from_ns(path.now_ns), &entry));
	assert_int_equal(entry.helper, CT_HELPER_TFTP);
	path_close(&path);
}

// Where nothing needs connections, packets pass by those that are open, and these are found again.
static void
tracking_ends_and_begins(void **state)
{
	const struct path_options none = {.enable = CT_ENABLE_AUTO};
	struct path_options some = none;
	struct path path;

	(void)state;
	some.chains = dropping_replies;
	some.n_chains = RTE_DIM(dropping_replies);
	path_open(&path, &some);
	send(&path, false);
	path_change(&path, &none);
	assert_path(&path, send(&path, true), "accept default");
	assert_int_equal(ct_count(path.ct).confirmed, 1);
	path_change(&path, &some);
	assert_path(&path, send(&path, true), "drop rule filter/0 established reply");
	path_close(&path);
}

// The number of a generation is 1 + it modulo 65,535. A connection that is idle for so many
// changes, of which a few are made, is not taken for one that the rules have just been asked about.
static void
numbers_that_come_again_are_not_remembered(void **state)
{
	static const uint32_t generations[][6] = {
		{2, 32766, 32767, 65534, 65535, 65537},
		{40000, 65534, 65535, 98301, 98302, 105535},
	};
	const unsigned int last = RTE_DIM(generations[0]) - 1;
	struct path path;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(generations); i++) {
		struct path_options options = *OPTIONS(accepting);

		options.generation = generations[i][0];
		path_open(&path, &options);
		send(&path, false);
		send(&path, true);
		for (unsigned int n = 1; n < last; n++) {
			options.generation = generations[i][n];
			path_change(&path, &options);
		}
		options = *OPTIONS(dropping_replies);
		options.generation = generations[i][last];
		path_change(&path, &options);
		assert_path(&path, send(&path, true), "drop rule filter/0 established reply");
		path_close(&path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_are_asked_anew_about_known_connections),
		cmocka_unit_test(chains_stand_elsewhere),
		cmocka_unit_test(counters_of_rules_begin_anew),
		cmocka_unit_test(fragments_that_wait_stay),
		cmocka_unit_test(timeouts_hold_from_the_next_packet_on),
		cmocka_unit_test(fragments_wait_as_long_as_is_said_now),
		cmocka_unit_test(a_helper_stays_without_the_rule_that_set_it),
		cmocka_unit_test(tracking_ends_and_begins),
		cmocka_unit_test(numbers_that_come_again_are_not_remembered),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
