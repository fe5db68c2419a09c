// SPDX-License-Identifier: BSD-3-Clause
//
// The state machine of SCTP, cell by cell, as a Linux 6.18 kernel was measured: every type of
// chunk, from both sides, in every state; then its tags, and what may begin an association.
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

enum {
	DATA = 0,
	INIT = 1,
	INIT_ACK = 2,
	HEARTBEAT = 4,
	HEARTBEAT_ACK = 5,
	ABORT = 6,
	SHUTDOWN = 7,
	SHUTDOWN_ACK = 8,
	ERROR = 9,
	COOKIE_ECHO = 10,
	COOKIE_ACK = 11,
	SHUTDOWN_COMPLETE = 14,
};

// The tags that each side wants to see in what it receives.
#define CLIENTS_TAG 0x11111111
#define SERVERS_TAG 0x22222222

struct packet {
	enum end from;
	uint8_t chunk;
	uint32_t tag;         // in the header
	const char *expected; // connection; NULL: of no interest
};

// Chunks that carry a tag of their own have that of their sender.
static void
build(struct frame *frame, const struct packet *packet)
{
	const struct flow flow = {.is_ipv6 = false};
	const bool is_client = packet->from == CLIENT;
	const uint32_t own = is_client ? CLIENTS_TAG : SERVERS_TAG;
	uint8_t *chunk;

	fixture_begin(frame, &flow, packet->from);
	frame_sctp(frame, is_client ? 100 : 200, is_client ? 200 : 100, packet->tag);
	chunk = frame_chunk(frame, packet->chunk, 0, 16);
	if (packet->chunk == INIT || packet->chunk == INIT_ACK)
		chunk[4] = chunk[5] = chunk[6] = chunk[7] = (uint8_t)own;
	frame_end(frame);
}

static struct pkt
play(struct shard *shard, const struct packet packets[], unsigned int n)
{
	struct pkt pkt = {0};

	for (unsigned int i = 0; i < n; i++) {
		char text[SHARD_TEXT_MAX];
		struct frame frame;

		build(&frame, &packets[i]);
		pkt = shard_accept(shard, &frame);
		shard_wait(shard, 1);
		if (packets[i].expected == NULL)
			continue;
		shard->now_ns -= NS_PER_SEC;
		assert_string_equal(shard_entry_text(shard, text), packets[i].expected);
		shard->now_ns += NS_PER_SEC;
	}
	return pkt;
}

static const struct {
	const char *letters;
	const char *name;
	uint32_t timeout;
} states[] = {
	{"CL", "CLOSED", 10},           {"CW", "COOKIE_WAIT", 3},     {"CE", "COOKIE_ECHOED", 3},
	{"ES", "ESTABLISHED", 210},     {"SS", "SHUTDOWN_SENT", 3},   {"SR", "SHUTDOWN_RECD", 3},
	{"SA", "SHUTDOWN_ACK_SENT", 3}, {"HS", "HEARTBEAT_SENT", 30},
};

#define HANDSHAKE                                                                                  \
	{CLIENT, INIT, 0, "10 CLOSED [UNREPLIED]"},                                                \
		{SERVER, INIT_ACK, CLIENTS_TAG, "3 COOKIE_WAIT"},                                  \
		{CLIENT, COOKIE_ECHO, SERVERS_TAG, "3 COOKIE_ECHOED"},                             \
	{                                                                                          \
		SERVER, COOKIE_ACK, CLIENTS_TAG, "210 ESTABLISHED [ASSURED]"                       \
	}

// The way into each state, in the order of the columns, and the tags that are known by then.
static const struct {
	struct packet packets[6];
	unsigned int n;
	uint32_t tag[2]; // that packets of CLIENT and SERVER have to carry
} ways[] = {
	{{{0}}, 0, {0, 0}},
	{{{CLIENT, INIT, 0, "10 CLOSED [UNREPLIED]"}}, 1, {0, CLIENTS_TAG}},
	{{HANDSHAKE}, 2, {SERVERS_TAG, CLIENTS_TAG}},
	{{HANDSHAKE}, 3, {SERVERS_TAG, CLIENTS_TAG}},
	{{HANDSHAKE}, 4, {SERVERS_TAG, CLIENTS_TAG}},
	{{HANDSHAKE, {CLIENT, SHUTDOWN, SERVERS_TAG, "3 SHUTDOWN_SENT [ASSURED]"}},
	 5,
	 {SERVERS_TAG, CLIENTS_TAG}},
	{{HANDSHAKE, {SERVER, SHUTDOWN, CLIENTS_TAG, "3 SHUTDOWN_RECD [ASSURED]"}},
	 5,
	 {SERVERS_TAG, CLIENTS_TAG}},
	{{HANDSHAKE,
	  {CLIENT, SHUTDOWN, SERVERS_TAG, "3 SHUTDOWN_SENT [ASSURED]"},
	  {SERVER, SHUTDOWN_ACK, CLIENTS_TAG, "3 SHUTDOWN_ACK_SENT [ASSURED]"}},
	 6,
	 {SERVERS_TAG, CLIENTS_TAG}},
	{{{CLIENT, HEARTBEAT, SERVERS_TAG, "30 HEARTBEAT_SENT [UNREPLIED]"}}, 1, {SERVERS_TAG, 0}},
};

// iv: invalid. A state with an r is not refreshed: an INIT sent again. Of the first packets, those
// are iv that end something.
static const struct {
	enum end from;
	uint8_t chunk;
	const char *cells;
} table[] = {
	// clang-format off
	//                           NO  CL  CW  CE  ES  SS  SR  SA  HS
	{CLIENT, INIT,              "CL  CLr CW  CE  ES  CL  CL  SA  CW  "},
	{CLIENT, INIT_ACK,          "CL  CL  CW  CE  ES  SS  SR  SA  CL  "},
	{CLIENT, ABORT,             "iv  CL  CL  CL  CL  CL  CL  CL  CL  "},
	{CLIENT, SHUTDOWN,          "CL  CL  CW  CE  SS  SS  SR  SA  CL  "},
	{CLIENT, SHUTDOWN_ACK,      "SA  CL  CW  CE  ES  SA  SA  SA  SA  "},
	{CLIENT, ERROR,             "CL  CL  CW  CE  ES  SS  SR  SA  CL  "},
	{CLIENT, COOKIE_ECHO,       "CL  CL  CE  CE  ES  SS  SR  SA  CL  "},
	{CLIENT, COOKIE_ACK,        "iv  CL  CW  ES  ES  SS  SR  SA  CL  "},
	{CLIENT, SHUTDOWN_COMPLETE, "iv  CL  CW  CE  ES  SS  SR  CL  CL  "},
	{CLIENT, HEARTBEAT,         "HS  CL  CW  CE  ES  SS  SR  SA  HS  "},
	{CLIENT, HEARTBEAT_ACK,     "CL  CL  CW  CE  ES  SS  SR  SA  HS  "},
	{CLIENT, DATA,              "iv  CL  CW  CE  ES  SS  SR  SA  HS  "},
	{SERVER, INIT,              "--  CLr CW  CE  ES  SS  SR  SA  iv  "},
	{SERVER, INIT_ACK,          "--  CW  CW  CE  ES  SS  SR  SA  iv  "},
	{SERVER, ABORT,             "--  CL  CL  CL  CL  CL  CL  CL  iv  "},
	{SERVER, SHUTDOWN,          "--  CL  CW  CE  SR  SS  SR  SA  iv  "},
	{SERVER, SHUTDOWN_ACK,      "--  CL  CW  CE  ES  SA  SA  SA  iv  "},
	{SERVER, ERROR,             "--  CL  CW  CL  ES  SS  SR  SA  iv  "},
	{SERVER, COOKIE_ECHO,       "--  CL  CE  CE  ES  SS  SR  SA  iv  "},
	{SERVER, COOKIE_ACK,        "--  CL  CW  ES  ES  SS  SR  SA  iv  "},
	{SERVER, SHUTDOWN_COMPLETE, "--  CL  CW  CE  ES  SS  SR  CL  iv  "},
	{SERVER, HEARTBEAT,         "--  CL  CW  CE  ES  SS  SR  SA  HS  "},
	{SERVER, HEARTBEAT_ACK,     "--  CL  CW  CE  ES  SS  SR  SA  ES  "},
	{SERVER, DATA,              "--  CL  CW  CE  ES  SS  SR  SA  HS  "},
	// clang-format on
};

static void
describe_cell(struct shard *shard, const struct pkt *pkt, const struct ct_entry *before,
	      char cell[5])
{
	struct ct_entry after;
	unsigned int state = 0;
	bool has_entry = shard_entry(shard, CT_CONFIRMED, 0, &after);

	if (pkt->class == CLASS_INVALID) {
		sprintf(cell, "iv%s", has_entry == (before->id != 0) ? "  " : "? ");
		return;
	}
	while (state < RTE_DIM(states) - 1 && has_entry &&
	       strcmp(states[state].name, after.state) != 0)
		state++;
	sprintf(cell, "%s%c ", has_entry ? states[state].letters : "??",
		has_entry && after.timeout_sec == states[state].timeout ? ' '
		: has_entry && after.deadline == before->deadline       ? 'r'
									: '?');
}

static void
every_cell_is_that_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(table); i++) {
		char cells[4 * RTE_DIM(ways) + 1] = "";

		for (unsigned int column = 0; column < RTE_DIM(ways); column++) {
			const struct packet probe = {
				.from = table[i].from,
				.chunk = table[i].chunk,
				.tag = table[i].chunk == INIT ? 0 : ways[column].tag[table[i].from],
			};
			struct ct_entry before = {0};
			struct shard shard;
			struct frame frame;
			struct pkt pkt;
			char cell[5];

			if (column == 0 && table[i].from == SERVER) {
				memcpy(cells, "--  ", 4);
				continue;
			}
			shard_open(&shard, &(struct shard_options){0});
			play(&shard, ways[column].packets, ways[column].n);
			(void)shard_entry(&shard, CT_CONFIRMED, 0, &before);
			build(&frame, &probe);
			pkt = shard_accept(&shard, &frame);
			describe_cell(&shard, &pkt, &before, cell);
			memcpy(cells + (size_t)column * 4, cell, 4);
			shard_close(&shard);
		}
		if (strcmp(cells, table[i].cells) != 0)
			print_error("row %zu\n", i + 1);
		assert_string_equal(cells, table[i].cells);
	}
}

static void
a_whole_association(void **state)
{
	static const struct packet packets[] = {
		HANDSHAKE,
		{CLIENT, DATA, SERVERS_TAG, "210 ESTABLISHED [ASSURED]"},
		{CLIENT, SHUTDOWN, SERVERS_TAG, "3 SHUTDOWN_SENT [ASSURED]"},
		{SERVER, SHUTDOWN_ACK, CLIENTS_TAG, "3 SHUTDOWN_ACK_SENT [ASSURED]"},
		{CLIENT, SHUTDOWN_COMPLETE, SERVERS_TAG, "10 CLOSED [ASSURED]"},
	};
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, packets, RTE_DIM(packets));
	shard_close(&shard);
}

// RFC 9260, 8.5: who does not know the tag is not of the association.
static void
a_wrong_tag_is_invalid(void **state)
{
	static const struct {
		enum end from;
		uint8_t chunk;
		uint32_t tag;
		bool is_valid;
	} cases[] = {
		{CLIENT, DATA, SERVERS_TAG, true},
		{CLIENT, DATA, CLIENTS_TAG, false},
		{CLIENT, DATA, 0, false},
		{SERVER, DATA, CLIENTS_TAG, true},
		{SERVER, DATA, SERVERS_TAG, false},
		{CLIENT, SHUTDOWN, CLIENTS_TAG, false},
		{CLIENT, ABORT, CLIENTS_TAG, false},
		{CLIENT, ABORT, SERVERS_TAG, true},
		{CLIENT, SHUTDOWN_COMPLETE, CLIENTS_TAG, false},
		{CLIENT, COOKIE_ECHO, CLIENTS_TAG, false},
		{CLIENT, INIT, SERVERS_TAG, false}, // an INIT has none
		{CLIENT, INIT, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		static const struct packet handshake[] = {HANDSHAKE};
		const struct packet packet = {cases[i].from, cases[i].chunk, cases[i].tag, NULL};
		struct shard shard;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		play(&shard, handshake, RTE_DIM(handshake));
		pkt = play(&shard, &packet, 1);
		assert_int_equal(pkt.class != CLASS_INVALID, cases[i].is_valid);
		shard_close(&shard);
	}
}

// RFC 9260, 6.10 and 5.1: what travels alone, and what only at the front.
static void
a_broken_packet_is_invalid(void **state)
{
	static const struct {
		uint8_t chunks[2];
		bool has_two;
		bool has_none;
		bool is_valid;
	} cases[] = {
		{{DATA}, .is_valid = true},
		{{DATA, DATA}, .has_two = true, .is_valid = true},
		{{0}, .has_none = true},
		{{INIT, DATA}, .has_two = true},
		{{DATA, INIT_ACK}, .has_two = true},
		{{SHUTDOWN_COMPLETE, DATA}, .has_two = true},
		{{DATA, COOKIE_ACK}, .has_two = true},
		{{COOKIE_ACK, DATA}, .has_two = true, .is_valid = true},
		{{200}, .is_valid = true}, // an unknown one moves nothing
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		static const struct packet handshake[] = {HANDSHAKE};
		struct shard shard;
		struct frame frame;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		play(&shard, handshake, RTE_DIM(handshake));
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_sctp(&frame, 100, 200, SERVERS_TAG);
		if (!cases[i].has_none)
			frame_chunk(&frame, cases[i].chunks[0], 0, 5);
		if (cases[i].has_two)
			frame_chunk(&frame, cases[i].chunks[1], 0, 16);
		frame_end(&frame);
		pkt = shard_accept(&shard, &frame);
		assert_int_equal(pkt.class != CLASS_INVALID, cases[i].is_valid);

		frame.bytes[frame.len - 1] ^= 1; // its CRC is wrong then
		assert_class(shard_accept(&shard, &frame), "invalid");
		shard_close(&shard);
	}
}

// A chunk of length 0 would never end.
static void
a_chunk_without_length_is_invalid(void **state)
{
	struct shard shard;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	for (uint8_t len = 0; len < 4; len++) {
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_sctp(&frame, 100, 200, 0);
		frame_chunk(&frame, ERROR, 0, 4)[3] = len;
		frame_end(&frame);
		pkt = shard_accept(&shard, &frame);
		if (len == 0)
			assert_int_equal(pkt.fault, FAULT_SCTP_CHUNK);
	}
	shard_close(&shard);
}

// A packet of an INIT or INIT ACK that tells a tag of its own, else of a chunk with a cookie.
struct step {
	enum end from;
	uint8_t chunk;
	uint32_t header_tag;
	uint32_t own_tag;
	bool is_valid;
};

static struct pkt
play_step(struct shard *shard, const struct step *step)
{
	const bool is_client = step->from == CLIENT;
	struct frame frame;
	rte_be32_t tag = rte_cpu_to_be_32(step->own_tag);

	fixture_begin(&frame, &(struct flow){0}, step->from);
	frame_sctp(&frame, is_client ? 100 : 200, is_client ? 200 : 100, step->header_tag);
	memcpy(frame_chunk(&frame, step->chunk, 0, 16) + 4, &tag, sizeof(tag));
	frame_end(&frame);
	return shard_accept(shard, &frame);
}

// RFC 9260, 5.1: who answers an INIT keeps no state, so that the answer to the same INIT has
// another tag when it comes again. 5.2: INITs may cross, and the answer to the older one is stale
// then.
static void
an_init_ack_has_to_answer_an_init(void **state)
{
	static const struct {
		const char *name;
		struct step steps[8];
	} rows[] = {
		{"the answer was lost",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT_ACK, 1, 2, true},
		  {CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT_ACK, 1, 3, true},
		  {CLIENT, COOKIE_ECHO, 2, 0, false},
		  {CLIENT, COOKIE_ECHO, 3, 0, true},
		  {SERVER, COOKIE_ACK, 1, 0, true},
		  {CLIENT, DATA, 3, 0, true}}},
		{"two answers to one INIT",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT_ACK, 1, 2, true},
		  {SERVER, INIT_ACK, 1, 3, true},
		  {CLIENT, COOKIE_ECHO, 3, 0, true}}},
		{"the handshake is over",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT_ACK, 1, 2, true},
		  {CLIENT, COOKIE_ECHO, 2, 0, true},
		  {SERVER, COOKIE_ACK, 1, 0, true},
		  {SERVER, INIT_ACK, 1, 3, false},
		  {CLIENT, INIT, 0, 1, true}, // stale: its tag is known
		  {SERVER, INIT_ACK, 1, 3, false},
		  {CLIENT, DATA, 2, 0, true}}},
		{"begun anew",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT_ACK, 1, 2, true},
		  {CLIENT, COOKIE_ECHO, 2, 0, true},
		  {SERVER, COOKIE_ACK, 1, 0, true},
		  {CLIENT, INIT, 0, 5, true},
		  {SERVER, INIT_ACK, 5, 3, true},
		  {CLIENT, COOKIE_ECHO, 3, 0, true},
		  {SERVER, COOKIE_ACK, 5, 0, true}}},
		{"INITs cross",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT, 0, 2, true},
		  {SERVER, INIT_ACK, 1, 3, false}, // of an INIT before its own
		  {CLIENT, INIT_ACK, 2, 4, false},
		  {SERVER, INIT_ACK, 1, 2, true},
		  {CLIENT, COOKIE_ECHO, 2, 0, true},
		  {SERVER, COOKIE_ACK, 1, 0, true},
		  {CLIENT, DATA, 2, 0, true}}},
		{"INITs cross, the server's is answered",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT, 0, 2, true},
		  {CLIENT, INIT_ACK, 2, 1, true},
		  {SERVER, COOKIE_ECHO, 1, 0, true},
		  {CLIENT, COOKIE_ACK, 2, 0, true}}},
		{"another INIT takes the place of one that crossed",
		 {{CLIENT, INIT, 0, 1, true},
		  {SERVER, INIT, 0, 2, true},
		  {CLIENT, INIT, 0, 1, true}, // the same again
		  {SERVER, INIT_ACK, 1, 3, false},
		  {CLIENT, INIT, 0, 5, true},
		  {SERVER, INIT_ACK, 5, 3, true},
		  {CLIENT, COOKIE_ECHO, 3, 0, true},
		  {SERVER, COOKIE_ACK, 5, 0, true}}},
		{"a tag of zero",
		 {{CLIENT, INIT, 0, 0, true},
		  {SERVER, INIT_ACK, 0, 2, true},
		  {CLIENT, INIT, 0, 0, true},
		  {SERVER, INIT_ACK, 0, 3, true},
		  {CLIENT, COOKIE_ECHO, 3, 0, true}}},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct shard shard;

		shard_open(&shard, &(struct shard_options){0});
		for (size_t n = 0; n < RTE_DIM(rows[i].steps); n++) {
			const struct step *step = &rows[i].steps[n];

			if (!step->is_valid && step->chunk == 0)
				break;
			if ((play_step(&shard, step).class != CLASS_INVALID) != step->is_valid)
				fail_msg("%s: packet %zu", rows[i].name, n + 1);
		}
		shard_close(&shard);
	}
}

// RFC 9260, 3.3.2 and 3.3.3: the fixed part of an INIT or INIT ACK has 16 octets.
static void
an_init_cut_short_is_invalid(void **state)
{
	(void)state;
	for (uint16_t len = 0; len <= 17; len++) {
		struct shard shard;
		struct frame frame;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_sctp(&frame, 100, 200, 0);
		frame_chunk(&frame, INIT, 0, len);
		frame_end(&frame);
		pkt = shard_accept(&shard, &frame);
		// a chunk is padded to a multiple of four
		assert_int_equal(pkt.class, len > 12 ? CLASS_NEW : CLASS_INVALID);
		assert_int_equal(pkt.fault, len > 12 ? FAULT_NONE : FAULT_L4_SHORT);
		assert_int_equal(shard_entry(&shard, CT_CONFIRMED, 0, &(struct ct_entry){0}),
				 len > 12);
		if (len <= 12)
			play_step(&shard, &(struct step){CLIENT, INIT, 0, 0, true});
		fixture_begin(&frame, &(struct flow){0}, SERVER);
		frame_sctp(&frame, 200, 100, 0);
		frame_chunk(&frame, INIT_ACK, 0, len);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame),
			     len > 12 ? "established reply" : "invalid");
		shard_close(&shard);
	}
}

// What is left of the packet behind the last whole chunk header is not looked at, nor is what a
// chunk says it has beyond the packet's end.
static void
a_packet_that_ends_within_a_chunk_is_valid(void **state)
{
	static const struct packet handshake[] = {HANDSHAKE};

	(void)state;
	for (unsigned int cut = 1; cut <= 24; cut++) {
		struct shard shard;
		struct frame frame;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		play(&shard, handshake, RTE_DIM(handshake));
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_sctp(&frame, 100, 200, SERVERS_TAG);
		frame_chunk(&frame, DATA, 0, 4);
		frame_chunk(&frame, SHUTDOWN, 0, 12);
		frame.len -= cut;
		frame_end(&frame);
		pkt = shard_accept(&shard, &frame);
		// The second chunk begins at 16 from the end, the first at 24.
		assert_class(pkt, cut > 20 ? "invalid" : "established orig");
		assert_entry(&shard, cut > 20   ? "209 ESTABLISHED [ASSURED]"
				     : cut > 12 ? "210 ESTABLISHED [ASSURED]"
						: "3 SHUTDOWN_SENT [ASSURED]");
		shard_close(&shard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_that_of_the_kernel),
		cmocka_unit_test(a_whole_association),
		cmocka_unit_test(a_wrong_tag_is_invalid),
		cmocka_unit_test(a_broken_packet_is_invalid),
		cmocka_unit_test(a_chunk_without_length_is_invalid),
		cmocka_unit_test(an_init_ack_has_to_answer_an_init),
		cmocka_unit_test(an_init_cut_short_is_invalid),
		cmocka_unit_test(a_packet_that_ends_within_a_chunk_is_valid),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
