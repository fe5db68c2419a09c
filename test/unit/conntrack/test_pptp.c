// SPDX-License-Identifier: BSD-3-Clause
//
// PPTP (RFC 2637): what is said on the control connection, and what becomes of the GRE packets that
// come between. What conntrack says of them is as measured on Linux 6.18, where nothing else is
// told.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "pptp.h"
#include "util/eal.h"

static const struct step stories[][24] = {
	// The client calls; either side may send first. Each packet has the id of its receiver.
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), GRE_S(100, "established reply"),
	 GRE_C(200, "established orig"), GRE_S(200, "new orig"), GRE_C(100, "new orig")},
	{SESSION, CALL(100, 200), GRE_S(100, "related orig"), GRE_C(200, "established reply"),
	 GRE_S(100, "established orig")},
	{SESSION, CALL(7, 7), GRE_S(7, "related orig"), GRE_C(7, "established reply")},
	{SESSION, CALL(0, 0), GRE_C(0, "related orig"), GRE_S(0, "established reply")},
	{GRE_C(200, "new orig"), SESSION, GRE_C(200, "new orig"), C(OUT_REQUEST, 100),
	 GRE_C(200, "new orig"), S(OUT_REPLY, 200, 100, GRANTED), GRE_C(200, "related orig")},

	// The server calls: request, reply, connected.
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED), S(IN_CONNECTED, 100),
	 GRE_S(100, "related orig"), GRE_C(200, "established reply")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED), GRE_S(100, "new orig"),
	 GRE_C(200, "new orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED),
	 C(IN_REPLY, 101, 200, GRANTED), S(IN_CONNECTED, 101), GRE_S(101, "related orig"),
	 GRE_C(200, "established reply")},

	// Refused, by either side, at any time.
	{SESSION, C(OUT_REQUEST, 100), S(OUT_REPLY, 200, 100, REFUSED), GRE_C(200, "new orig"),
	 S(OUT_REPLY, 200, 100, GRANTED), GRE_C(200, "new orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, REFUSED), S(IN_CONNECTED, 100),
	 GRE_S(100, "new orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED),
	 C(IN_REPLY, 100, 200, REFUSED), S(IN_CONNECTED, 100), GRE_S(100, "new orig")},
	{C(START_REQUEST), S(START_REPLY, .result = REFUSED), CALL(100, 200),
	 GRE_C(200, "new orig")},

	// Nothing was asked, or something else.
	{SESSION, S(OUT_REPLY, 200, 0, GRANTED), GRE_C(200, "new orig")},
	{SESSION, C(OUT_REQUEST, 100), S(OUT_REPLY, 200, 101, GRANTED), GRE_C(200, "new orig"),
	 S(OUT_REPLY, 200, 100, GRANTED), GRE_C(200, "related orig")},
	{SESSION, C(OUT_REQUEST, 100), C(CLEAR_REQUEST, 100), S(OUT_REPLY, 200, 100, GRANTED),
	 GRE_C(200, "new orig")},
	{SESSION, C(IN_REPLY, 100, 0, GRANTED), S(IN_CONNECTED, 100), GRE_S(100, "new orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 201, GRANTED), S(IN_CONNECTED, 100),
	 GRE_S(100, "new orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED), S(IN_CONNECTED, 101),
	 GRE_S(100, "new orig"), GRE_S(101, "new orig")},

	// The other side's part.
	{S(START_REQUEST), C(START_REPLY, .result = GRANTED), S(OUT_REQUEST, 100),
	 C(OUT_REPLY, 200, 100, GRANTED), GRE_S(200, "new orig"), GRE_C(100, "new orig")},
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), C(DISCONNECTED, 200),
	 GRE_S(100, "established reply")},
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), S(CLEAR_REQUEST, 200),
	 GRE_S(100, "established reply")},

	// There is no session yet, or no more.
	{CALL(100, 200), GRE_C(200, "new orig")},
	{S(START_REPLY, .result = GRANTED), CALL(100, 200), GRE_C(200, "new orig")},
	{C(START_REQUEST), C(OUT_REQUEST, 100), S(START_REPLY, .result = GRANTED),
	 S(OUT_REPLY, 200, 100, GRANTED), GRE_C(200, "new orig")},
	{S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED), S(IN_CONNECTED, 100),
	 GRE_S(100, "new orig")},
	{SESSION, C(STOP_REQUEST), CALL(100, 200), GRE_C(200, "new orig")},
	{SESSION, C(STOP_REQUEST), SESSION, CALL(100, 200), GRE_C(200, "new orig")},
	{SESSION, C(STOP_REQUEST), S(STOP_REPLY, .result = REFUSED), SESSION, CALL(100, 200),
	 GRE_C(200, "new orig")},
	{SESSION, C(STOP_REQUEST), S(STOP_REPLY, .result = GRANTED), SESSION, CALL(100, 200),
	 GRE_C(200, "related orig")},
	{SESSION, S(STOP_REPLY, .result = GRANTED), CALL(100, 200), GRE_C(200, "related orig")},
	{C(START_REQUEST), SESSION, C(START_REQUEST), CALL(100, 200), GRE_C(200, "related orig")},

	// Messages again.
	{SESSION, CALL(100, 200), S(OUT_REPLY, 200, 100, GRANTED), GRE_C(200, "related orig"),
	 GRE_S(100, "established reply"), S(OUT_REPLY, 200, 100, GRANTED),
	 GRE_C(200, "established orig")},
	{SESSION, S(IN_REQUEST, 200), C(IN_REPLY, 100, 200, GRANTED), S(IN_CONNECTED, 100),
	 S(IN_CONNECTED, 100), GRE_S(100, "related orig"), GRE_C(200, "established reply")},

	// Only the server ends a call, and it ends at once.
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), GRE_S(100, "established reply"),
	 C(CLEAR_REQUEST, 100), GRE_C(200, "established orig"), S(DISCONNECTED, 200),
	 GRE_C(200, "new orig"), GRE_S(100, "new orig"), CALL(102, 202), GRE_S(102, "related orig"),
	 GRE_C(202, "established reply")},
	{SESSION, CALL(100, 200), S(DISCONNECTED, 200), GRE_C(200, "new orig"),
	 GRE_S(100, "new orig")},
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), S(DISCONNECTED, 999),
	 GRE_C(200, "new orig")},
	{SESSION, CALL(100, 200), GRE_C(200, "related orig"), C(STOP_REQUEST),
	 S(STOP_REPLY, .result = GRANTED), GRE_S(100, "established reply")},

	// What has nothing to do with calls.
	{SESSION, C(ECHO_REQUEST), S(ECHO_REPLY), S(WAN_ERROR, 1), C(OUT_REQUEST, 100),
	 C(LINK_INFO, 9), S(ECHO_REQUEST), S(OUT_REPLY, 200, 100, GRANTED), C(ECHO_REPLY),
	 S(LINK_INFO, 100), GRE_C(200, "related orig"), S(WAN_ERROR, 200),
	 GRE_S(100, "established reply")},

	// One call per control connection at a time. In Linux the second one takes the expectations
	// of the first with it, and the first one's tunnel stays when it is disconnected.
	{SESSION, CALL(100, 200), CALL(101, 201), GRE_C(201, "new orig"), GRE_S(101, "new orig"),
	 GRE_C(200, "related orig"), GRE_S(100, "established reply"), S(DISCONNECTED, 200),
	 GRE_C(200, "new orig"), CALL(101, 201), GRE_C(201, "related orig")},
};

// In Linux the helper is for IPv4 only.
static void
tunnels_follow_from_what_is_said(void **state)
{
	(void)state;
	for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
		for (size_t i = 0; i < RTE_DIM(stories); i++) {
			struct control control;
			struct shard shard;

			pptp_open(&control, &shard, is_ipv6 == 1);
			pptp_play(&control, stories[i]);
			shard_close(&shard);
		}
	}
}

// The version of a packet counts, not only its key.
static void
other_versions_have_no_keys(void **state)
{
	static const struct {
		uint16_t id, to; // of the call
		uint8_t version;
		uint16_t key;
		const char *expected;
	} rows[] = {
		{100, 200, 0, 200, "new orig"},
		{100, 200, 2, 200, "new orig"},
		{100, 200, 1, 200, "related orig"},
		{200, 0, 0, 0, "new orig"},
		{200, 0, 1, 0, "related orig"},
		{0, 0, 0, 0, "related orig"}, // the tuple of a call whose ids are 0
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		const struct step steps[] = {SESSION, CALL(rows[i].id, rows[i].to), {0}};
		struct control control;
		struct shard shard;

		pptp_open(&control, &shard, false);
		pptp_play(&control, steps);
		assert_class(pptp_send_gre(&control, CLIENT, rows[i].version, rows[i].key),
			     rows[i].expected);
		shard_close(&shard);
	}
}

// A message counts when the packet begins with all of it. Its own length field is not looked at.
static void
messages_are_whole_and_come_first(void **state)
{
	static const struct {
		uint16_t skip; // bytes before the message
		int len;       // of what is sent, more or less than the message
		uint16_t at;   // byte to change
		bool is_read;
	} rows[] = {
		{0, 0, 12, true},    {0, 50, 12, true}, {0, -1, 12, false}, {0, -16, 12, false},
		{0, -21, 12, false}, {1, 0, 12, false}, {0, 0, 1, true},  // its length
		{0, 0, 3, false},    {0, 0, 4, false},  {0, 0, 7, false}, // type, cookie
		{0, 0, 8, false},    {0, 0, 9, false},                    // control message type
		{0, 0, 10, true},                                         // reserved
	};
	static const struct step begin[] = {SESSION, C(OUT_REQUEST, 100), {0}};
	static const struct step reply = S(OUT_REPLY, 200, 100, GRANTED);

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		uint8_t bytes[1 + PPTP_MESSAGE_MAX] = {0};
		struct control control;
		struct shard shard;
		int len;

		pptp_open(&control, &shard, false);
		pptp_play(&control, begin);
		len = pptp_message(&reply, bytes + rows[i].skip) + rows[i].len;
		if (rows[i].at != 12)
			bytes[rows[i].at] ^= 0x40;
		control_send(&control, SERVER, TH_PSH | TH_ACK, bytes, (unsigned int)len);
		assert_class(pptp_send_gre(&control, CLIENT, 1, 200),
			     rows[i].is_read ? "related orig" : "new orig");
		shard_close(&shard);
	}
}

// Every message must be as long as RFC 2637 has it.
static void
no_message_may_be_short(void **state)
{
	static const struct step out[] = {SESSION, CALL(100, 200), {0}};
	static const struct step in[] = {SESSION,
					 S(IN_REQUEST, 200),
					 C(IN_REPLY, 100, 200, GRANTED),
					 S(IN_CONNECTED, 100),
					 {0}};
	static const struct step *const calls[] = {out, in};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(calls); i++) {
		for (const struct step *cut = calls[i]; cut->line != 0; cut++) {
			struct control control;
			struct shard shard;

			pptp_open(&control, &shard, false);
			for (const struct step *step = calls[i]; step->line != 0; step++) {
				uint8_t bytes[PPTP_MESSAGE_MAX];
				unsigned int len = pptp_message(step, bytes);

				control_send(&control, step->from, TH_PSH | TH_ACK, bytes,
					     len - (step == cut));
			}
			assert_class(pptp_send_gre(&control, CLIENT, 1, 200), "new orig");
			shard_close(&shard);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_follow_from_what_is_said),
		cmocka_unit_test(other_versions_have_no_keys),
		cmocka_unit_test(messages_are_whole_and_come_first),
		cmocka_unit_test(no_message_may_be_short),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
