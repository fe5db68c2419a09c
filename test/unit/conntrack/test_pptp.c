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

#include "control.h"
#include "util/eal.h"

// Control messages by their type.
enum {
	GRE, // none: a packet of the tunnel
	START_REQUEST = 1,
	START_REPLY,
	STOP_REQUEST,
	STOP_REPLY,
	ECHO_REQUEST,
	ECHO_REPLY,
	OUT_REQUEST,
	OUT_REPLY,
	IN_REQUEST,
	IN_REPLY,
	IN_CONNECTED,
	CLEAR_REQUEST,
	DISCONNECTED,
	WAN_ERROR,
	LINK_INFO,
	N_TYPES,
};

#define GRANTED     1
#define REFUSED     2
#define MESSAGE_MAX 256

static const uint16_t lens[N_TYPES] = {
	0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24,
};

// One message or one packet of GRE.
struct step {
	int line; // 0: the story ends
	enum end from;
	uint8_t type;
	uint16_t id;          // own call id; of GRE: the call id in the packet
	uint16_t peers;       // the other side's call id
	uint8_t result;       // of a reply
	const char *expected; // class and direction of a GRE packet
};

#define C(...)                                                                                     \
	{                                                                                          \
		.line = __LINE__, .from = CLIENT, .type = __VA_ARGS__                              \
	}
#define S(...)                                                                                     \
	{                                                                                          \
		.line = __LINE__, .from = SERVER, .type = __VA_ARGS__                              \
	}
#define GRE_C(key, class_)                                                                         \
	{                                                                                          \
		.line = __LINE__, .from = CLIENT, .type = GRE, .id = (key), .expected = (class_)   \
	}
#define GRE_S(key, class_)                                                                         \
	{                                                                                          \
		.line = __LINE__, .from = SERVER, .type = GRE, .id = (key), .expected = (class_)   \
	}

#define SESSION       C(START_REQUEST), S(START_REPLY, .result = GRANTED)
#define CALL(id_, to) C(OUT_REQUEST, (id_)), S(OUT_REPLY, (to), (id_), GRANTED)

// New packets of GRE are dropped by a rule, so that they leave no trace.
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

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// Writes a message; returns its length.
static uint16_t
write_message(const struct step *step, uint8_t bytes[MESSAGE_MAX])
{
	static const uint8_t cookie[4] = {0x1a, 0x2b, 0x3c, 0x4d};

	memset(bytes, 0, MESSAGE_MAX);
	put16(bytes, lens[step->type]);
	put16(bytes + 2, 1); // a control message
	memcpy(bytes + 4, cookie, sizeof(cookie));
	put16(bytes + 8, step->type);
	put16(bytes + 12, step->id);
	put16(bytes + 14, step->peers);
	if (step->type == START_REPLY)
		bytes[14] = step->result;
	else if (step->type == STOP_REPLY)
		bytes[12] = step->result;
	else
		bytes[16] = step->result;
	return lens[step->type];
}

static void
gre_frame(struct frame *frame, const struct flow *flow, enum end from, uint8_t version,
	  uint16_t key)
{
	fixture_begin(frame, flow, from);
	frame_gre(frame, 0x2000 | version, 0x880b, key);
	frame_data(frame, 8);
	frame_end(frame);
}

static enum verdict
drop_new_gre(struct pkt *pkt)
{
	if (pkt->tuple.proto == PROTO_GRE && pkt->class == CLASS_NEW)
		return VERDICT_DROP;
	return control_attach(pkt);
}

static struct pkt
send_gre(struct control *control, enum end from, uint8_t version, uint16_t key)
{
	struct frame frame;
	struct pkt pkt;

	gre_frame(&frame, &control->flow, from, version, key);
	shard_burst(control->shard, &frame, 1, drop_new_gre, &pkt);
	return pkt;
}

static void
play(struct control *control, const struct step steps[])
{
	for (const struct step *step = steps; step->line != 0; step++) {
		uint8_t bytes[MESSAGE_MAX];
		struct pkt pkt;

		if (step->type == GRE) {
			pkt = send_gre(control, step->from, 1, step->id);
			fixture_assert_class(pkt, step->expected, __FILE__, step->line);
		} else {
			pkt = control_send(control, step->from, TH_PSH | TH_ACK, bytes,
					   write_message(step, bytes));
			assert_int_equal(pkt.verdict, VERDICT_PENDING);
		}
	}
}

static void
open_pptp(struct control *control, struct shard *shard, bool is_ipv6)
{
	shard_open(shard, &(struct shard_options){.event_ring = 63});
	*control = (struct control){
		.shard = shard,
		.flow = {.is_ipv6 = is_ipv6, .sport = 40000, .dport = 1723},
		.helper = CT_HELPER_PPTP,
		.seq = {UINT32_MAX - 200, 100}, // the client's wrap
	};
	control_open(control);
}

// In Linux the helper is for IPv4 only.
static void
tunnels_follow_from_what_is_said(void **state)
{
	(void)state;
	for (int is_ipv6 = 0; is_ipv6 <= 1; is_ipv6++) {
		for (size_t i = 0; i < RTE_DIM(stories); i++) {
			struct control control;
			struct shard shard;

			open_pptp(&control, &shard, is_ipv6 == 1);
			play(&control, stories[i]);
			shard_close(&shard);
		}
	}
}

static const struct step a_call[] = {SESSION, CALL(100, 200), {0}};

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

		open_pptp(&control, &shard, false);
		play(&control, a_call);
		send_gre(&control, first, 1, to_other);
		assert_true(find_tunnel(&shard, &entry));
		assert_int_equal(entry.tuple[DIR_ORIG].src_field, to_first);
		assert_int_equal(entry.tuple[DIR_ORIG].dst_field, to_other);
		assert_int_equal(entry.tuple[DIR_REPLY].src_field, to_other);
		assert_int_equal(entry.tuple[DIR_REPLY].dst_field, to_first);
		assert_int_equal(entry.status, CT_EXPECTED);
		assert_int_equal(entry.timeout_sec, 30);
		send_gre(&control, first == CLIENT ? SERVER : CLIENT, 1, to_first);
		send_gre(&control, first, 1, to_other);
		assert_true(find_tunnel(&shard, &entry));
		assert_int_equal(entry.status, CT_EXPECTED | CT_SEEN_REPLY | CT_ASSURED);
		assert_int_equal(entry.timeout_sec, 180);
		shard_close(&shard);
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

		open_pptp(&control, &shard, false);
		play(&control, steps);
		assert_class(send_gre(&control, CLIENT, rows[i].version, rows[i].key),
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
		uint8_t bytes[1 + MESSAGE_MAX] = {0};
		struct control control;
		struct shard shard;
		int len;

		open_pptp(&control, &shard, false);
		play(&control, begin);
		len = write_message(&reply, bytes + rows[i].skip) + rows[i].len;
		if (rows[i].at != 12)
			bytes[rows[i].at] ^= 0x40;
		control_send(&control, SERVER, TH_PSH | TH_ACK, bytes, (unsigned int)len);
		assert_class(send_gre(&control, CLIENT, 1, 200),
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

			open_pptp(&control, &shard, false);
			for (const struct step *step = calls[i]; step->line != 0; step++) {
				uint8_t bytes[MESSAGE_MAX];
				unsigned int len = write_message(step, bytes);

				control_send(&control, step->from, TH_PSH | TH_ACK, bytes,
					     len - (step == cut));
			}
			assert_class(send_gre(&control, CLIENT, 1, 200), "new orig");
			shard_close(&shard);
		}
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
	open_pptp(&control, &shard, false);
	play(&control, a_call);
	send_gre(&control, CLIENT, 1, 200);
	send_gre(&control, SERVER, 1, 100);
	control_send(&control, SERVER, TH_RST | TH_ACK, NULL, 0);
	send_gre(&control, CLIENT, 1, 200);
	assert_counts(&shard, 2, 0, 0);
	while (shard_event(&shard, &event))
		;
	shard_wait(&shard, 10); // CLOSE
	assert_int_equal(shard_expire(&shard), 1);
	assert_counts(&shard, 0, 0, 0);
	assert_event(&shard, "destroy 0 CLOSE [ASSURED]");
	assert_event(&shard, "destroy 170 [ASSURED]");
	assert_event(&shard, "none");
	assert_class(send_gre(&control, CLIENT, 1, 200), "new orig");
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

		open_pptp(&control, &shard, false);
		play(&control, a_call);
		for (uint32_t at = 0; at < sec; at += 50) {
			shard_wait(&shard, 50);
			control_send(&control, CLIENT, TH_ACK, NULL, 0);
			control_send(&control, SERVER, TH_ACK, NULL, 0);
		}
		assert_class(send_gre(&control, CLIENT, 1, 200),
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
	open_pptp(&control, &shard, false);
	play(&control, a_call);
	gre_frame(&frame, &control.flow, CLIENT, 1, 200);
	assert_class(shard_refuse(&shard, &frame), "related orig");
	assert_class(send_gre(&control, CLIENT, 1, 200), "new orig");
	assert_class(send_gre(&control, SERVER, 1, 100), "new orig");
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
	open_pptp(&control, &shard, false);
	other = control;
	other.flow.sport++;
	play(&control, a_call);
	control_open(&other);
	play(&other, second);
	// With the older one gone, the key is the younger one's.
	control_send(&control, SERVER, TH_RST | TH_ACK, NULL, 0);
	shard_wait(&shard, 10);
	assert_int_equal(shard_expire(&shard), 1);
	assert_true(find_tunnel(&shard, &entry));
	assert_class(send_gre(&other, CLIENT, 1, 200), "established reply");
	assert_class(send_gre(&other, SERVER, 1, 100), "new orig");
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

		open_pptp(&control, &shard, is_ipv6 == 1);
		play(&control, a_call);
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
			send_gre(&control, CLIENT, 1, 200);
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
	uint8_t bytes[MESSAGE_MAX];
	struct frame frames[7];
	struct pkt pkts[7];
	struct control control;
	struct shard shard;

	(void)state;
	open_pptp(&control, &shard, false);
	play(&control, begin);
	gre_frame(&frames[0], &control.flow, CLIENT, 1, 200);
	control_frame(&control, &frames[1], SERVER, TH_PSH | TH_ACK, bytes,
		      write_message(&reply, bytes));
	control.seq[SERVER] += lens[OUT_REPLY];
	gre_frame(&frames[2], &control.flow, CLIENT, 1, 200);
	gre_frame(&frames[3], &control.flow, SERVER, 1, 100);
	control_frame(&control, &frames[4], SERVER, TH_PSH | TH_ACK, bytes,
		      write_message(&disconnected, bytes));
	gre_frame(&frames[5], &control.flow, SERVER, 1, 100);
	gre_frame(&frames[6], &control.flow, CLIENT, 1, 200);
	shard_burst(&shard, frames, 7, drop_new_gre, pkts);
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
	open_pptp(&control, &shard, false);
	play(&control, a_call);
	assert_class(send_gre(&control, CLIENT, 1, 200), "related orig");
	control_send(&control, CLIENT, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, SERVER, TH_FIN | TH_ACK, NULL, 0);
	control_send(&control, CLIENT, TH_ACK, NULL, 0);
	gre_frame(&frames[0], &control.flow, SERVER, 1, 100);
	control.seq[CLIENT] += 100000;
	control_frame(&control, &frames[1], CLIENT, TH_SYN, NULL, 0);
	gre_frame(&frames[2], &control.flow, SERVER, 1, 100);
	shard_burst(&shard, frames, 3, drop_new_gre, pkts);
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
		cmocka_unit_test(tunnels_follow_from_what_is_said),
		cmocka_unit_test(a_tunnel_is_known_by_both_ids),
		cmocka_unit_test(other_versions_have_no_keys),
		cmocka_unit_test(messages_are_whole_and_come_first),
		cmocka_unit_test(no_message_may_be_short),
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
