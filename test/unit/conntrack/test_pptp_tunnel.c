// SPDX-License-Identifier: BSD-3-Clause
//
// The tunnel of a PPTP call: its keys, how long it is expected, when it ends, who finds it.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "pptp.h"
#include "util/eal.h"

// The GRE connection of the table.
static bool
find_tunnel(const struct shard *shard, struct ct_entry *entry)
{
	for (unsigned int n = 0; shard_entry(shard, CT_CONFIRMED, n, entry); n++) {
		if (entry->tuple[DIR_ORIG].proto == PROTO_GRE)
			return true;
	}
	return false;
}

// Both ids are in the tuples, whoever sends first; 30 seconds, then 180 and assured.
static void
a_tunnel_is_known_by_both_ids(void **state)
{
	(void)state;
	for (enum end first = CLIENT; first <= SERVER; first++) {
		const uint16_t to_first = first == CLIENT ? 100 : 200;
		const uint16_t to_other = first == CLIENT ? 200 : 100;
		struct control control;
		struct ct_entry entry;
		struct shard shard;

		pptp_open(&control, &shard, false);
		pptp_play(&control, pptp_call);
		pptp_send_gre(&control, first, 1, to_other);
		assert_true(find_tunnel(&shard, &entry));
		assert_int_equal(entry.tuple[DIR_ORIG].src_field, to_first);
		assert_int_equal(entry.tuple[DIR_ORIG].dst_field, to_other);
		assert_int_equal(entry.tuple[DIR_REPLY].src_field, to_other);
		assert_int_equal(entry.tuple[DIR_REPLY].dst_field, to_first);
		assert_int_equal(entry.status, CT_EXPECTED);
		assert_int_equal(entry.timeout_sec, 30);
		pptp_send_gre(&control, first == CLIENT ? SERVER : CLIENT, 1, to_first);
		pptp_send_gre(&control, first, 1, to_other);
		assert_true(find_tunnel(&shard, &entry));
		assert_int_equal(entry.status, CT_EXPECTED | CT_SEEN_REPLY | CT_ASSURED);
		assert_int_equal(entry.timeout_sec, 180);
		shard_close(&shard);
	}
}

static void
the_tunnel_ends_with_its_control_connection(void **state)
{
	struct control control;
	struct ct_entry entry;
	struct ct_event event;
	struct shard shard;

	(void)state;
	pptp_open(&control, &shard, false);
	pptp_play(&control, pptp_call);
	pptp_send_gre(&control, CLIENT, 1, 200);
	pptp_send_gre(&control, SERVER, 1, 100);
	control_send(&control, SERVER, TH_RST | TH_ACK, NULL, 0);
	pptp_send_gre(&control, CLIENT, 1, 200);
	assert_counts(&shard, 2, 0, 0);
	while (shard_event(&shard, &event))
		;
	shard_wait(&shard, 10); // CLOSE
	assert_int_equal(shard_expire(&shard), 1);
	assert_counts(&shard, 0, 0, 0);
	assert_event(&shard, "destroy 0 CLOSE [ASSURED]");
	assert_event(&shard, "destroy 170 [ASSURED]");
	assert_event(&shard, "none");
	assert_class(pptp_send_gre(&control, CLIENT, 1, 200), "new orig");
	assert_false(find_tunnel(&shard, &entry));
	shard_close(&shard);
}

// It is expected for 300 seconds. The keys are known as long as the control connection is there.
static void
a_tunnel_is_expected_for_a_while(void **state)
{
	(void)state;
	for (uint32_t sec = 250; sec <= 300; sec += 50) {
		struct control control;
		struct shard shard;

		pptp_open(&control, &shard, false);
		pptp_play(&control, pptp_call);
		for (uint32_t at = 0; at < sec; at += 50) {
			shard_wait(&shard, 50);
			control_send(&control, CLIENT, TH_ACK, NULL, 0);
			control_send(&control, SERVER, TH_ACK, NULL, 0);
		}
		assert_class(pptp_send_gre(&control, CLIENT, 1, 200),
			     sec < 300 ? "related orig" : "new orig");
		shard_close(&shard);
	}
}

// Whoever sends first uses up the expectation of the other side, too, even when a rule drops it.
static void
the_first_packet_uses_both_expectations_up(void **state)
{
	struct control control;
	struct frame frame;
	struct shard shard;

	(void)state;
	pptp_open(&control, &shard, false);
	pptp_play(&control, pptp_call);
	pptp_gre_frame(&frame, &control.flow, CLIENT, 1, 200);
	assert_class(shard_refuse(&shard, &frame), "related orig");
	assert_class(pptp_send_gre(&control, CLIENT, 1, 200), "new orig");
	assert_class(pptp_send_gre(&control, SERVER, 1, 100), "new orig");
	shard_close(&shard);
}

// Calls of two control connections between the same hosts; the older one has the key they share.
static void
several_calls_have_keys_of_their_own(void **state)
{
	static const struct step second[] = {SESSION,
					     CALL(101, 200),
					     GRE_C(200, "related orig"),
					     GRE_S(101, "related orig"),
					     GRE_S(100, "established reply"),
					     {0}};
	struct control control, other;
	struct ct_entry entry;
	struct shard shard;

	(void)state;
	pptp_open(&control, &shard, false);
	other = control;
	other.flow.sport++;
	pptp_play(&control, pptp_call);
	control_open(&other);
	pptp_play(&other, second);
	// With the older one gone, the key is the younger one's.
	control_send(&control, SERVER, TH_RST | TH_ACK, NULL, 0);
	shard_wait(&shard, 10);
	assert_int_equal(shard_expire(&shard), 1);
	assert_true(find_tunnel(&shard, &entry));
	assert_class(pptp_send_gre(&other, CLIENT, 1, 200), "established reply");
	assert_class(pptp_send_gre(&other, SERVER, 1, 100), "new orig");
	shard_close(&shard);
}

// ICMP errors quote packets, and these have one key of two.
static void
errors_find_the_tunnel(void **state)
{
	struct control control;
	struct shard shard;

	(void)state;
	for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
		static const char *const expected[] = {"invalid", "related reply"};
		struct frame frame;

		pptp_open(&control, &shard, is_ipv6 == 1);
		pptp_play(&control, pptp_call);
		frame_begin(&frame);
		frame_ethernet(&frame);
		frame_ip(&frame, fixture_host(&control.flow, SERVER),
			 fixture_host(&control.flow, CLIENT));
		frame_icmp(&frame, is_ipv6 == 1 ? 1 : 3, 1, 0);
		frame_ip(&frame, fixture_host(&control.flow, CLIENT),
			 fixture_host(&control.flow, SERVER));
		frame_gre(&frame, 0x2001, 0x880b, 200);
		frame_end(&frame);
		for (int has_tunnel = 0; has_tunnel <= 1; has_tunnel++) {
			assert_class(shard_accept(&shard, &frame), expected[has_tunnel]);
			pptp_send_gre(&control, CLIENT, 1, 200);
		}
		shard_close(&shard);
	}
}

// Everything in one burst: the call, both directions of the tunnel, an error about it, the end of
// the call, and both directions again.
static void
a_burst_is_not_seen(void **state)
{
	static const struct step reply = S(OUT_REPLY, 200, 100, GRANTED);
	static const struct step disconnected = S(DISCONNECTED, 200);
	static const struct step begin[] = {SESSION, C(OUT_REQUEST, 100), {0}};
	static const char *const expected[] = {
		"new orig",          "established reply", "related orig", "established reply",
		"established reply", "new orig",          "new orig",
	};
	uint8_t bytes[PPTP_MESSAGE_MAX];
	struct frame frames[7];
	struct pkt pkts[7];
	struct control control;
	struct shard shard;

	(void)state;
	pptp_open(&control, &shard, false);
	pptp_play(&control, begin);
	pptp_gre_frame(&frames[0], &control.flow, CLIENT, 1, 200);
	control_frame(&control, &frames[1], SERVER, TH_PSH | TH_ACK, bytes,
		      pptp_message(&reply, bytes));
	control.seq[SERVER] += pptp_lens[OUT_REPLY];
	pptp_gre_frame(&frames[2], &control.flow, CLIENT, 1, 200);
	pptp_gre_frame(&frames[3], &control.flow, SERVER, 1, 100);
	control_frame(&control, &frames[4], SERVER, TH_PSH | TH_ACK, bytes,
		      pptp_message(&disconnected, bytes));
	pptp_gre_frame(&frames[5], &control.flow, SERVER, 1, 100);
	pptp_gre_frame(&frames[6], &control.flow, CLIENT, 1, 200);
	shard_burst(&shard, frames, 7, pptp_drop_new_gre, pkts);
	for (size_t i = 0; i < RTE_DIM(pkts); i++)
		assert_class(pkts[i], expected[i]);
	assert_counts(&shard, 1, 0, 0);
	shard_close(&shard);
}

// The control connection begins again in the burst that has a packet of the old call behind it.
static void
a_call_ends_within_a_burst(void **state)
{
	struct frame frames[3];
	struct pkt pkts[3];
	struct control control;
	struct shard shard;

	(void)state;
	pptp_open(&control, &shard, false);
	pptp_play(&control, pptp_call);
	assert_class(pptp_send_gre(&control, CLIENT, 1, 200), "related orig");
	control_send(&control, CLIENT, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, SERVER, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, CLIENT, TH_ACK, NULL, 0);
	pptp_gre_frame(&frames[0], &control.flow, SERVER, 1, 100);
	control.seq[CLIENT] += 100000;
	control_frame(&control, &frames[1], CLIENT, TH_SYN, NULL, 0);
	pptp_gre_frame(&frames[2], &control.flow, SERVER, 1, 100);
	shard_burst(&shard, frames, 3, pptp_drop_new_gre, pkts);
	assert_class(pkts[0], "established reply");
	assert_class(pkts[1], "new orig");
	assert_class(pkts[2], "new orig");
	assert_counts(&shard, 1, 0, 0);
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tunnel_is_known_by_both_ids),
		cmocka_unit_test(the_tunnel_ends_with_its_control_connection),
		cmocka_unit_test(a_tunnel_is_expected_for_a_while),
		cmocka_unit_test(the_first_packet_uses_both_expectations_up),
		cmocka_unit_test(several_calls_have_keys_of_their_own),
		cmocka_unit_test(errors_find_the_tunnel),
		cmocka_unit_test(a_burst_is_not_seen),
		cmocka_unit_test(a_call_ends_within_a_burst),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
