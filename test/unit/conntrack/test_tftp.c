// SPDX-License-Identifier: BSD-3-Clause
//
// TFTP (RFC 1350): who asks for a file is answered from any port of the server.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "util/eal.h"

static const struct flow flow4 = {.is_ipv6 = false, .sport = 40000, .dport = 69};
static const struct flow flow6 = {.is_ipv6 = true, .sport = 40000, .dport = 69};
static const struct flow *const flows[] = {&flow4, &flow6};

static enum verdict
attach(struct pkt *pkt)
{
	pkt->set_helper = CT_HELPER_TFTP;
	return VERDICT_PENDING;
}

// A datagram of the control connection with these bytes, the helper attached to its first.
static void
send(struct shard *shard, const struct flow *flow, enum end from, const char *bytes,
     unsigned int len)
{
	struct frame frame;
	struct pkt pkt;

	fixture_begin(&frame, flow, from);
	frame_udp(&frame, from == CLIENT ? flow->sport : flow->dport,
		  from == CLIENT ? flow->dport : flow->sport);
	memcpy(frame_data(&frame, len), bytes, len);
	frame_end(&frame);
	shard_burst(shard, &frame, 1, attach, &pkt);
	assert_int_equal(pkt.verdict, VERDICT_PENDING);
}

// The class of a datagram of the server from this port, which leaves no trace.
static uint8_t
class_of_answer(struct shard *shard, const struct flow *flow, uint16_t sport, uint16_t dport)
{
	const struct flow answer = {.is_ipv6 = flow->is_ipv6, .sport = dport, .dport = sport};
	struct frame frame;

	fixture_udp(&frame, &answer, SERVER);
	return shard_refuse(shard, &frame).class;
}

static void
requests_announce_an_answer(void **state)
{
	static const struct {
		const char *bytes;
		unsigned int len;
		bool is_request;
	} rows[] = {
		{"\0\1file\0octet\0", 13, true}, // RRQ
		{"\0\2file\0octet\0", 13, true}, // WRQ
		{"\0\1", 2, true},               // whatever it asks for
		{"\0\3\0\1data", 8, false},      // DATA
		{"\0\4\0\1", 4, false},          // ACK
		{"\0\5\0\1no\0", 7, false},      // ERROR
		{"\0\0", 2, false},
		{"\0\6blksize\0", 10, false},     // OACK, RFC 2347
		{"\1\1file\0octet\0", 13, false}, // 257
		{"\1\0", 2, false},
		{"\0", 1, false},
		{"", 0, false},
	};

	(void)state;
	for (size_t f = 0; f < RTE_DIM(flows); f++) {
		for (size_t i = 0; i < RTE_DIM(rows); i++) {
			struct shard shard;

			shard_open(&shard, &(struct shard_options){0});
			send(&shard, flows[f], CLIENT, rows[i].bytes, rows[i].len);
			assert_int_equal(class_of_answer(&shard, flows[f], 50123, 40001),
					 CLASS_NEW);
			assert_int_equal(class_of_answer(&shard, flows[f], 50123, 40000),
					 rows[i].is_request ? CLASS_RELATED : CLASS_NEW);
			// Only one connection may come of it.
			assert_int_equal(class_of_answer(&shard, flows[f], 50123, 40000),
					 CLASS_NEW);
			shard_close(&shard);
		}
	}
}

// A request may stand in any packet of the connection, even in one of the server's; it is always
// the server that is expected.
static void
any_packet_may_be_a_request(void **state)
{
	(void)state;
	for (enum end from = CLIENT; from <= SERVER; from++) {
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		send(&shard, &flow4, CLIENT, "\0\4\0\1", 4);
		assert_int_equal(class_of_answer(&shard, &flow4, 50123, 40000), CLASS_NEW);
		send(&shard, &flow4, from, "\0\1file\0octet\0", 13);
		assert_int_equal(class_of_answer(&shard, &flow4, 50123, 40000), CLASS_RELATED);
		shard_close(&shard);
	}
}

static void
only_udp_has_the_helper(void **state)
{
	struct frame frame;
	struct pkt pkt;
	struct shard shard;
	struct ct_entry entry;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	fixture_echo(&frame, &flow4, CLIENT);
	shard_burst(&shard, &frame, 1, attach, &pkt);
	assert_true(shard_entry(&shard, CT_CONFIRMED, 0, &entry));
	assert_int_equal(entry.helper, CT_HELPER_NONE);
	shard_close(&shard);
}

// It is expected for 300 seconds, if the connection that asked lives so long: each of its packets
// is good for 30.
static void
an_answer_is_expected_for_a_while(void **state)
{
	for (uint32_t sec = 20; sec <= 300; sec += 20) {
		struct shard shard;

		(void)state;
		shard_open(&shard, &(struct shard_options){0});
		send(&shard, &flow4, CLIENT, "\0\1file\0octet\0", 13);
		for (uint32_t at = 0; at < sec; at += 20) {
			shard_wait(&shard, 20);
			send(&shard, &flow4, CLIENT, "\0\4\0\1", 4);
		}
		assert_int_equal(class_of_answer(&shard, &flow4, 50123, 40000),
				 sec < 300 ? CLASS_RELATED : CLASS_NEW);
		shard_close(&shard);

		shard_open(&shard, &(struct shard_options){0});
		send(&shard, &flow4, CLIENT, "\0\1file\0octet\0", 13);
		shard_wait(&shard, sec);
		shard_expire(&shard);
		assert_int_equal(class_of_answer(&shard, &flow4, 50123, 40000),
				 sec < 30 ? CLASS_RELATED : CLASS_NEW);
		shard_close(&shard);
	}
}

// The answer comes in one burst with its request, from a port that has answered before: that
// connection has expired, and nobody has removed it yet.
static void
an_answer_follows_upon_one_that_has_expired(void **state)
{
	const struct flow answer = {.sport = 40000, .dport = 50123};
	struct frame frames[2];
	struct shard shard;
	struct pkt pkts[2];

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	send(&shard, &flow4, CLIENT, "\0\1file\0octet\0", 13);
	fixture_udp(&frames[1], &answer, SERVER);
	assert_class(shard_accept(&shard, &frames[1]), "related orig");
	shard_wait(&shard, 20);
	send(&shard, &flow4, CLIENT, "\0\4\0\1", 4);
	shard_wait(&shard, 20);
	fixture_begin(&frames[0], &flow4, CLIENT);
	frame_udp(&frames[0], flow4.sport, flow4.dport);
	memcpy(frame_data(&frames[0], 2), "\0\1", 2);
	frame_end(&frames[0]);
	shard_burst(&shard, frames, 2, NULL, pkts);
	assert_class(pkts[1], "related orig");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_announce_an_answer),
		cmocka_unit_test(any_packet_may_be_a_request),
		cmocka_unit_test(only_udp_has_the_helper),
		cmocka_unit_test(an_answer_is_expected_for_a_while),
		cmocka_unit_test(an_answer_follows_upon_one_that_has_expired),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
