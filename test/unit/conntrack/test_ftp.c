// SPDX-License-Identifier: BSD-3-Clause
//
// What FTP announces (RFC 959, RFC 2428), what is dropped because it cannot be understood, and
// where a line begins. Rows are as measured on Linux 6.18, but for octets above 255 and ports above
// 65535, which it lets overflow, and for PORT over IPv6.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "control.h"
#include "util/eal.h"

#define NOTHING (-1)
#define DROPPED (-2)

// What one side says at the beginning of a line, and what comes of it: the port at which it expects
// the other side.
struct line {
	enum end from;
	const char *text;
	int expected;
};

static const struct line lines4[] = {
	// h1,h2,h3,h4,p1,p2 behind the first space, ended by CR
	{CLIENT, "PORT 10,1,0,2,7,138\r\n", 1930},
	{CLIENT, "port 10,1,0,2,7,138\r\n", 1930},
	{CLIENT, "PORT 10,1,0,2,255,255\r\n", 65535},
	{CLIENT, "PORT 10,1,0,2,0,0\r\n", 0},
	{CLIENT, "PORTS 10,1,0,2,7,138\r\n", 1930},
	{CLIENT, "PORT 10,1,0,2,7,138\n", DROPPED},
	{CLIENT, "PORT  10,1,0,2,7,138\r\n", DROPPED},
	{CLIENT, "PORT 10,1,0,2,7,138 \r\n", DROPPED},
	{CLIENT, "PORT 10,1,0,2,7,138", DROPPED},
	{CLIENT, "PORT 10,1,0,2,7\r\n", DROPPED},
	{CLIENT, "PORT 10,1,0,2,7,138,1\r\n", DROPPED},
	{CLIENT, "PORT 10.1.0.2.7.138\r\n", DROPPED},
	{CLIENT, "PORT\r\n", DROPPED},
	{CLIENT, "PORT 10,1,0,2,300,138\r\n", DROPPED}, // Linux: port 11402
	{CLIENT, "PORT 10,1,0,2,7,256\r\n", DROPPED},
	{CLIENT, "PORT 266,1,0,2,7,138\r\n", DROPPED},
	{CLIENT, "PORT 10,1,0,4294967298,7,138\r\n", DROPPED}, // 2 in 32 bits
	// a beginning of a keyword
	{CLIENT, "P", DROPPED},
	{CLIENT, "por", DROPPED},
	{CLIENT, "PORT", DROPPED},
	{CLIENT, "EPR", DROPPED},
	{SERVER, "22", DROPPED},
	{SERVER, "227", DROPPED},
	{SERVER, "227 ", DROPPED},
	// <d>1<d>address<d>port<d> behind the first space
	{CLIENT, "EPRT |1|10.1.0.2|1930|\r\n", 1930},
	{CLIENT, "eprt |1|10.1.0.2|65535|\r\n", 65535},
	{CLIENT, "EPRT !1!10.1.0.2!1930!\r\n", 1930},
	{CLIENT, "EPRT a1a10.1.0.2a1930a\r\n", 1930},
	{CLIENT, "EPRT ,1,10.1.0.2,1930,\r\n", 1930},
	{CLIENT, "EPRT |1|010.001.000.002|01930|\r\n", 1930},
	{CLIENT, "EPRT |1|0000000010.1.00.00002|000000000001930|\r\n", 1930},
	{CLIENT, "EPRT |1|10.1..2|1930|\r\n", 1930}, // no digits are 0, as in PORT
	{CLIENT, "EPRT |1|10.1.0.2|1930|behind it\r\n", 1930},
	{CLIENT, "EPRT |1|10.1.0.258|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2.|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2 |1930|\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2|1930 |\r\n", DROPPED},
	{CLIENT, "EPRT |01|10.1.0.2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT .1.10.1.0.2.1930.\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2|0|\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2|65536|\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0.2|1930\r\n", DROPPED},
	{CLIENT, "EPRT |1|10.1.0|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |1||1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |3|10.1.0.2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT 717.10.1.0.2.7.1930.\r\n", DROPPED},
	{CLIENT, "EPRT |1!10.1.0.2|1930|\r\n", DROPPED},
	// six numbers from the first digit on, whatever ends them
	{SERVER, "227 Entering Passive Mode (10,2,0,2,7,138).\r\n", 1930},
	{SERVER, "227 Entering Passive Mode 10,2,0,2,7,138\r\n", 1930},
	{SERVER, "227 =10,2,0,2,7,138x", 1930},
	{SERVER, "227 Entering Passive Mode (10,2,0,2,7).\r\n", DROPPED},
	{SERVER, "227 Entering Passive Mode (10,2,0,2,7,256).\r\n", DROPPED},
	{SERVER, "227 Entering Passive Mode\r\n", DROPPED},
	// <d><d><d>port<d> behind the first parenthesis
	{SERVER, "229 Entering Extended Passive Mode (|||1930|)\r\n", 1930},
	{SERVER, "229 (!!!1930!)\r\n", 1930},
	{SERVER, "229 Entering Extended Passive Mode (|||0|)\r\n", DROPPED},
	{SERVER, "229 Entering Extended Passive Mode (|||70000|)\r\n", DROPPED},
	{SERVER, "229 Entering Extended Passive Mode (||1930|)\r\n", DROPPED},
	{SERVER, "229 Entering Extended Passive Mode (|||1930)\r\n", DROPPED},
	{SERVER, "229 Entering Extended Passive Mode |||1930|\r\n", DROPPED},
	// leading zeros and no digits
	{CLIENT, "PORT 010,001,000,002,007,0138\r\n", 1930},
	{CLIENT, "PORT 10,1,,2,7,138\r\n", 1930},
	{SERVER, "227 Entering Passive Mode (010,2,,000002,007,138).\r\n", 1930},
	{SERVER, "229 Entering Extended Passive Mode (|||0001930|)\r\n", 1930},
	// only its own address
	{CLIENT, "PORT ,,,,,\r\n", NOTHING},
	{CLIENT, "EPRT |1|...|1930|\r\n", NOTHING},
	{CLIENT, "PORT 10,1,0,3,7,138\r\n", NOTHING},
	{CLIENT, "PORT 10,2,0,2,7,138\r\n", NOTHING},
	{CLIENT, "EPRT |1|10.1.0.3|1930|\r\n", NOTHING},
	{SERVER, "227 Entering Passive Mode (10,2,0,3,7,138).\r\n", NOTHING},
	// other words, and those of the other side
	{CLIENT, "PASV\r\n", NOTHING},
	{CLIENT, "EPSV\r\n", NOTHING},
	{CLIENT, "QUIT\r\n", NOTHING},
	{CLIENT, " PORT 10,1,0,2,7,138\r\n", NOTHING},
	{CLIENT, "227 Entering Passive Mode (10,1,0,2,7,138).\r\n", NOTHING},
	{SERVER, "PORT 10,2,0,2,7,138\r\n", NOTHING},
	{SERVER, "220 ready\r\n", NOTHING},
	{SERVER, "227-Entering Passive Mode (10,2,0,2,7,138).\r\n", NOTHING},
	{SERVER, "\r\n", NOTHING},
};

static const struct line lines6[] = {
	{CLIENT, "EPRT |2|fd01::2|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|FD01:0:0:0:0:0:0:2|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|fd01:0::0:2|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|fd01:0000:0000:0000:0000:0000:0000:0002|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|00fd01:0::00000000002|001930|\r\n", 1930},
	{CLIENT, "EPRT |2|fd01::0.0.0.2|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|fd01:0:0:0:0:0:000.0.0.00002|1930|\r\n", 1930},
	{CLIENT, "EPRT |2|fd01::0.0.0.2:1930|\r\n", 1930}, // octets may end at a colon
	{CLIENT, "EPRT a2afd01::2a1930a\r\n", 1930},
	{CLIENT, "EPRT .2.fd01::2.1930.\r\n", 1930},
	{CLIENT, "EPRT :2:fd01::2:1930:\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::0.0.2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::0..0.2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::0.0.0.256|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::2%eth0|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::2:|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::10002|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2||1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::2", DROPPED},
	{CLIENT, "EPRT |2|fd01::2|", DROPPED},
	{CLIENT, "EPRT |2|::|1930|\r\n", NOTHING},
	{CLIENT, "EPRT |1|10.1.0.2|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::2::|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01:0000:0000:0000:0000:0000:0000:0000:0002:0000|1930|\r\n", DROPPED},
	{CLIENT, "EPRT |2|fd01::3|1930|\r\n", NOTHING},
	{CLIENT, "PORT 10,1,0,2,7,138\r\n", NOTHING},
	{CLIENT, "PORT 253,1,0,0,7,138\r\n", NOTHING}, // Linux: these are the first of fd01::2
	{CLIENT, "PORT 10,1,0,2,7\r\n", DROPPED},
	{SERVER, "229 Entering Extended Passive Mode (|||1930|)\r\n", 1930},
	{SERVER, "227 Entering Passive Mode (10,2,0,2,7,138).\r\n", NOTHING},
};

static enum end
other(enum end end)
{
	return end == CLIENT ? SERVER : CLIENT;
}

static struct pkt
say(struct control *control, enum end from, const char *text)
{
	return control_send(control, from, TH_PSH | TH_ACK, text, (unsigned int)strlen(text));
}

// A connection on which both sides have ended a line, so that the next packets are read.
static void
open_ftp(struct control *control, struct shard *shard, bool is_ipv6)
{
	shard_open(shard, &(struct shard_options){0});
	*control = (struct control){
		.shard = shard,
		.flow = {.is_ipv6 = is_ipv6, .sport = 4000, .dport = 21},
		.helper = CT_HELPER_FTP,
		.seq = {100, UINT32_MAX - 20}, // the server's wrap
	};
	control_open(control);
	say(control, SERVER, "220 ready\r\n");
	say(control, CLIENT, "USER anonymous\r\n");
}

// The class of a SYN from this end and port, which leaves no trace.
static uint8_t
class_of_syn(struct shard *shard, bool is_ipv6, enum end from, uint16_t sport, uint16_t dport)
{
	const struct flow flow = {.is_ipv6 = is_ipv6};
	const struct frame_tcp tcp = {
		.sport = sport,
		.dport = dport,
		.flags = TH_SYN,
		.seq = 1,
		.window = 65535,
	};
	struct frame frame;

	fixture_begin(&frame, &flow, from);
	frame_tcp(&frame, &tcp);
	frame_end(&frame);
	return shard_refuse(shard, &frame).class;
}

// Plays a line and looks for what it announces, from any port of the other side, at every port that
// any line announces.
static void
play_line(const struct line *line, bool is_ipv6, uint16_t sport)
{
	struct control control;
	struct shard shard;
	struct pkt pkt;

	open_ftp(&control, &shard, is_ipv6);
	pkt = say(&control, line->from, line->text);
	if ((pkt.reason == REASON_HELPER) != (line->expected == DROPPED))
		fail_msg("dropped or not: %s", line->text);
	assert_int_equal(pkt.verdict == VERDICT_DROP, line->expected == DROPPED);
	for (size_t i = 0; i < 2 * RTE_DIM(lines4); i++) {
		const struct line *some = &lines4[i / 2];
		enum end from = i % 2 == 0 ? CLIENT : SERVER;
		bool is_announced = from == other(line->from) && some->expected == line->expected;

		if (some->expected < 0 || is_announced)
			continue;
		if (class_of_syn(&shard, is_ipv6, from, sport, (uint16_t)some->expected) !=
		    CLASS_NEW)
			fail_msg("port %d: %s", some->expected, line->text);
	}
	if (line->expected >= 0) {
		const uint16_t port = (uint16_t)line->expected;

		if (class_of_syn(&shard, is_ipv6, other(line->from), sport, port) != CLASS_RELATED)
			fail_msg("not expected: %s", line->text);
		// Only one connection may come of it.
		assert_int_equal(class_of_syn(&shard, is_ipv6, other(line->from), sport, port),
				 CLASS_NEW);
	}
	shard_close(&shard);
}

static void
lines_are_understood_or_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(lines4); i++)
		play_line(&lines4[i], false, i % 2 == 0 ? 20 : 54321);
	for (size_t i = 0; i < RTE_DIM(lines6); i++)
		play_line(&lines6[i], true, i % 2 == 0 ? 20 : 54321);
}

#define PORT_1930 "PORT 10,1,0,2,7,138\r\n"

// A packet is read where a line begins, which the packet before it has told.
static void
only_what_begins_a_line_is_read(void **state)
{
	static const struct {
		const char *text[3]; // packets of the client
		bool is_read;        // the last of them
	} rows[] = {
		{{"NOOP\r\n", PORT_1930}, true},     {{"NOOP\r\nNOOP\r\n", PORT_1930}, true},
		{{"NO", "OP\r\n", PORT_1930}, true}, {{"NOOP\n", PORT_1930}, true},
		{{"NOOP\r\n" PORT_1930}, false},     {{"NOOP", PORT_1930}, false},
		{{"NOOP\r", PORT_1930}, false},      {{"NOOP\r", "\n", PORT_1930}, true},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct control control;
		struct shard shard;

		open_ftp(&control, &shard, false);
		for (int n = 0; n < 3 && rows[i].text[n] != NULL; n++)
			say(&control, CLIENT, rows[i].text[n]);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930),
				 rows[i].is_read ? CLASS_RELATED : CLASS_NEW);
		shard_close(&shard);
	}
}

static void
the_first_payload_of_each_side_is_not_read(void **state)
{
	struct shard shard;
	struct control control = {
		.shard = &shard,
		.flow = {.sport = 4000, .dport = 21},
		.helper = CT_HELPER_FTP,
	};

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	control_open(&control);
	say(&control, CLIENT, PORT_1930);
	say(&control, SERVER, "227 Entering Passive Mode (10,2,0,2,7,139).\r\n");
	assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930), CLASS_NEW);
	assert_int_equal(class_of_syn(&shard, false, CLIENT, 20, 1931), CLASS_NEW);
	say(&control, CLIENT, PORT_1930);
	assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930), CLASS_RELATED);
	shard_close(&shard);
}

// The beginnings of the last two lines are remembered, not of the third last.
static void
a_retransmission_is_read_again(void **state)
{
	for (int n_lines_since = 0; n_lines_since <= 2; n_lines_since++) {
		struct control control;
		struct shard shard;
		uint32_t seq;

		(void)state;
		open_ftp(&control, &shard, false);
		seq = control.seq[CLIENT];
		say(&control, CLIENT, PORT_1930);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930), CLASS_RELATED);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930), CLASS_NEW);
		for (int i = 0; i < n_lines_since; i++)
			say(&control, CLIENT, "NOOP\r\n");
		control.seq[CLIENT] = seq;
		say(&control, CLIENT, PORT_1930);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930),
				 n_lines_since < 1 ? CLASS_RELATED : CLASS_NEW);
		shard_close(&shard);
	}
}

// One is expected at a time, for 300 seconds, and as long as the control connection is there.
static void
the_last_announcement_counts_for_a_while(void **state)
{
	struct control control;
	struct shard shard;

	(void)state;
	for (uint32_t sec = 299; sec <= 300; sec++) {
		open_ftp(&control, &shard, false);
		say(&control, CLIENT, "PORT 10,1,0,2,7,139\r\n");
		say(&control, CLIENT, PORT_1930);
		say(&control, SERVER, "200 fine\r\n");
		control_send(&control, CLIENT, TH_ACK, NULL, 0);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1931), CLASS_NEW);
		shard_wait(&shard, sec);
		assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930),
				 sec < 300 ? CLASS_RELATED : CLASS_NEW);
		shard_close(&shard);
	}
	open_ftp(&control, &shard, false);
	say(&control, CLIENT, PORT_1930);
	control_send(&control, SERVER, TH_RST | TH_ACK, NULL, 0);
	shard_wait(&shard, 10);
	assert_int_equal(shard_expire(&shard), 1);
	assert_int_equal(class_of_syn(&shard, false, SERVER, 20, 1930), CLASS_NEW);
	shard_close(&shard);
}

// A connection that reopens in the same burst takes what it remembered with it; what came before is
// read before that.
static void
a_line_and_a_new_handshake_in_one_burst(void **state)
{
	struct control control;
	struct frame frames[2];
	struct pkt pkts[2];
	struct shard shard;

	(void)state;
	open_ftp(&control, &shard, false);
	control_send(&control, CLIENT, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, SERVER, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, CLIENT, TH_ACK, NULL, 0);
	assert_entry(&shard, "120 TIME_WAIT [ASSURED]");
	control.seq[CLIENT] -= 17; // the line before the FIN comes again
	control_frame(&control, &frames[0], CLIENT, TH_PSH | TH_ACK, "USER anonymous\r\n", 16);
	control.seq[CLIENT] += 100000;
	control_frame(&control, &frames[1], CLIENT, TH_SYN, NULL, 0);
	assert_int_equal(shard_burst(&shard, frames, 2, control_attach, pkts), 2);
	assert_class(pkts[0], "established orig");
	assert_class(pkts[1], "new orig");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_understood_or_dropped),
		cmocka_unit_test(only_what_begins_a_line_is_read),
		cmocka_unit_test(the_first_payload_of_each_side_is_not_read),
		cmocka_unit_test(a_retransmission_is_read_again),
		cmocka_unit_test(the_last_announcement_counts_for_a_while),
		cmocka_unit_test(a_line_and_a_new_handshake_in_one_burst),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
