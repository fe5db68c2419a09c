// SPDX-License-Identifier: BSD-3-Clause
//
// What the rules call a packet: which first packets begin a connection, which are invalid or not
// tracked at all, and which errors are related to a connection.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "util/eal.h"

static const struct flow flow4 = {.is_ipv6 = false, .sport = 5000, .dport = 53};
static const struct flow flow6 = {.is_ipv6 = true, .sport = 5000, .dport = 53};
static const struct flow *const flows[] = {&flow4, &flow6};

static struct pkt
first_icmp(struct shard *shard, const struct flow *flow, uint8_t type, uint8_t code)
{
	struct frame frame;

	fixture_begin(&frame, flow, CLIENT);
	frame_icmp(&frame, type, code, 9);
	frame_end(&frame);
	return shard_accept(shard, &frame);
}

// Echo, timestamp, information and address mask ask something.
static void
of_icmp_only_questions_begin_a_connection(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		const bool asks = type == 8 || type == 13 || type == 15 || type == 17;
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		assert_class(first_icmp(&shard, &flow4, (uint8_t)type, 0),
			     asks ? "new orig" : "invalid");
		assert_class(first_icmp(&shard, &flow4, (uint8_t)type, 77), // any code
			     asks ? "new orig" : "invalid");
		assert_counts(&shard, asks ? 2 : 0, 0, 0);
		shard_close(&shard);
	}
}

// Echo and node information ask; what keeps the neighbourhood together is not tracked.
static void
of_icmpv6_neighbour_talk_is_untracked(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		const bool asks = type == 128 || type == 139;
		const bool is_untracked =
			(type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		assert_class(first_icmp(&shard, &flow6, (uint8_t)type, 0), asks ? "new orig"
									   : is_untracked
										   ? "untracked"
										   : "invalid");
		assert_counts(&shard, asks, 0, 0);
		shard_close(&shard);
	}
}

// The code is part of the tuple, and so is the identifier.
static void
an_echo_reply_must_fit_its_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		const uint8_t reply_type = flows[i]->is_ipv6 ? 129 : 0;
		struct shard shard;
		struct frame frame;

		shard_open(&shard, &(struct shard_options){0});
		fixture_echo(&frame, flows[i], CLIENT);
		assert_class(shard_accept(&shard, &frame), "new orig");

		fixture_begin(&frame, flows[i], SERVER);
		frame_icmp(&frame, reply_type, 1, flows[i]->dport);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "invalid");
		fixture_begin(&frame, flows[i], SERVER);
		frame_icmp(&frame, reply_type, 0, flows[i]->dport + 1);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "invalid");
		assert_entry(&shard, "30 [UNREPLIED]");
		fixture_echo(&frame, flows[i], SERVER);
		assert_class(shard_accept(&shard, &frame), "established reply");
		// A question back is another connection.
		fixture_begin(&frame, flows[i], SERVER);
		frame_icmp(&frame, flows[i]->is_ipv6 ? 128 : 8, 0, flows[i]->dport);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "new orig");
		shard_close(&shard);
	}
}

static void
a_broken_icmp_packet_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * RTE_DIM(flows); i++) {
		const struct flow *flow = flows[i / 2];
		struct ct_params params = shard_params();
		struct shard shard;
		struct frame frame;
		struct ct_stats stats;
		struct pkt pkt;

		params.checksum = i % 2 == 0;
		shard_open(&shard, &(struct shard_options){.params = &params});
		fixture_echo(&frame, flow, CLIENT);
		frame.bytes[frame.len - 1] ^= 1; // the sequence number
		pkt = shard_accept(&shard, &frame);
		assert_class(pkt, params.checksum ? "invalid" : "new orig");
		if (params.checksum)
			assert_int_equal(pkt.fault, FAULT_L4_CHECKSUM);
		ct_stats_read(shard.ct, &stats);
		assert_int_equal(stats.error, params.checksum);
		assert_int_equal(stats.invalid, 0);
		shard_close(&shard);
	}
}

// What conntrack cannot read, the rules may still judge.
static void
what_cannot_be_tracked_is_invalid(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_stats stats;
	uint8_t *ip;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	fixture_begin(&frame, &flow6, CLIENT);
	frame_proto(&frame, PROTO_NONE, 8);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");

	fixture_begin(&frame, &flow4, CLIENT);
	frame_proto(&frame, PROTO_ICMPV6, 8);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");

	fixture_begin(&frame, &flow4, CLIENT);
	frame_gre(&frame, 1, 0x0800, 7);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");

	frame_begin(&frame);
	frame_ethernet(&frame);
	ip = frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	ip[7] = 1; // a fragment from the middle
	frame_udp(&frame, 5000, 53);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");
	assert_counts(&shard, 0, 0, 0);
	ct_stats_read(shard.ct, &stats);
	assert_int_equal(stats.invalid, 4);
	assert_int_equal(stats.created, 0);
	shard_close(&shard);
}

// Every protocol number can be tracked, except those that are something else in the family.
static void
every_other_protocol_is_tracked(void **state)
{
	static const uint8_t special[] = {
		PROTO_ICMP, PROTO_TCP,     PROTO_UDP, PROTO_DCCP, PROTO_ICMPV6, PROTO_NONE,
		PROTO_SCTP, PROTO_UDPLITE, 0,         43,         44,           51,
		60};

	(void)state;
	for (unsigned int proto = 0; proto < 256; proto++) {
		struct shard shard;
		struct frame frame;

		if (memchr(special, (int)proto, sizeof(special)) != NULL)
			continue;
		for (size_t i = 0; i < RTE_DIM(flows); i++) {
			shard_open(&shard, &(struct shard_options){0});
			fixture_begin(&frame, flows[i], CLIENT);
			frame_proto(&frame, (uint8_t)proto, 8);
			frame_end(&frame);
			assert_class(shard_accept(&shard, &frame), "new orig");
			fixture_begin(&frame, flows[i], SERVER);
			frame_proto(&frame, (uint8_t)proto, 8);
			frame_end(&frame);
			assert_class(shard_accept(&shard, &frame), "established reply");
			assert_counts(&shard, 1, 0, 0);
			shard_close(&shard);
		}
	}
}

// A rule before conntrack said notrack: no lookup, no connection, and nothing is invalid.
static void
notrack_leaves_no_trace(void **state)
{
	struct shard shard;
	struct frame frame;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	fixture_udp(&frame, &flow4, CLIENT);
	shard_accept(&shard, &frame);
	shard.is_notrack = true;
	shard_wait(&shard, 1);
	assert_class(shard_accept(&shard, &frame), "untracked");
	assert_entry(&shard, "29 [UNREPLIED]");
	fixture_udp(&frame, &flow6, CLIENT);
	assert_class(shard_accept(&shard, &frame), "untracked");
	frame.bytes[frame.len - 1] ^= 1; // even a broken one
	assert_class(shard_accept(&shard, &frame), "untracked");
	assert_counts(&shard, 1, 0, 0);

	// An error about what was not tracked speaks of nothing.
	shard.is_notrack = false;
	fixture_begin(&frame, &flow6, SERVER);
	frame_icmp(&frame, 1, 0, 0);
	frame_ip(&frame, "fd01::2", "fd02::2");
	frame_udp(&frame, 5000, 53);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");
	shard_close(&shard);
}

// The same addresses and ports in another zone are another flow.
static void
zones_are_apart(void **state)
{
	struct shard shard;
	struct frame frame;
	struct pkt first;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	for (uint16_t zone = 0; zone < 3; zone++) {
		shard.zone = zone;
		fixture_udp(&frame, &flow4, CLIENT);
		first = shard_accept(&shard, &frame);
		assert_class(first, "new orig");
		assert_counts(&shard, zone + 1u, 0, 0);
	}
	fixture_udp(&frame, &flow4, SERVER);
	assert_int_equal(shard_accept(&shard, &frame).conn_id, first.conn_id);
	shard.zone = 7;
	assert_class(shard_refuse(&shard, &frame), "new orig");

	// Errors are related within their zone only.
	fixture_begin(&frame, &flow4, SERVER);
	frame_icmp(&frame, 3, 3, 0);
	frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	frame_udp(&frame, 5000, 53);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");
	shard.zone = 1;
	assert_class(shard_accept(&shard, &frame), "related reply");
	shard_close(&shard);
}

static enum verdict
mark_42(struct pkt *pkt)
{
	pkt->mark = 42;
	return VERDICT_PENDING;
}

static enum verdict
expect_mark_42(struct pkt *pkt)
{
	assert_int_equal(pkt->mark, 42);
	pkt->mark = pkt->dir == DIR_REPLY ? 43 : 42;
	return VERDICT_PENDING;
}

static void
a_mark_stays_with_its_connection(void **state)
{
	struct shard shard;
	struct frame frame;
	struct ct_event event;
	struct pkt pkt;

	(void)state;
	shard_open(&shard, &(struct shard_options){.event_ring = 15});
	shard.rules = CT_RULES_SET_MARKS;
	fixture_udp(&frame, &flow4, CLIENT);
	shard_burst(&shard, &frame, 1, mark_42, &pkt);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_NEW);
	assert_int_equal(event.entry.mark, 42);
	shard_burst(&shard, &frame, 1, expect_mark_42, &pkt);
	assert_event(&shard, "none");
	fixture_udp(&frame, &flow4, SERVER);
	shard_burst(&shard, &frame, 1, expect_mark_42, &pkt);
	assert_true(shard_event(&shard, &event));
	assert_int_equal(event.type, CT_EVENT_UPDATE);
	assert_int_equal(event.changed, CT_CHANGED_REPLY | CT_CHANGED_MARK);
	assert_int_equal(event.entry.mark, 43);
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_icmp_only_questions_begin_a_connection),
		cmocka_unit_test(of_icmpv6_neighbour_talk_is_untracked),
		cmocka_unit_test(an_echo_reply_must_fit_its_request),
		cmocka_unit_test(a_broken_icmp_packet_is_invalid),
		cmocka_unit_test(what_cannot_be_tracked_is_invalid),
		cmocka_unit_test(every_other_protocol_is_tracked),
		cmocka_unit_test(notrack_leaves_no_trace),
		cmocka_unit_test(zones_are_apart),
		cmocka_unit_test(a_mark_stays_with_its_connection),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
