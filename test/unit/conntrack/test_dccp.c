// SPDX-License-Identifier: BSD-3-Clause
//
// The state machine of DCCP, cell by cell, as kernels before 6.17 have it: every type of packet, in
// both roles, in every state.
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

enum { REQUEST, RESPONSE, DATA, ACK, DATAACK, CLOSEREQ, CLOSE, RESET, SYNC, SYNCACK, N_TYPES };

// Lengths of the headers, with sequence numbers of 48 bits (RFC 4340, 5).
static const unsigned int header_lens[N_TYPES] = {20, 28, 16, 24, 24, 24, 24, 28, 24, 24};

struct packet {
	enum end from;
	uint8_t type;
	uint64_t seq;
	uint64_t ack;         // 0: none
	const char *expected; // connection; NULL: of no interest
};

static void
build(struct frame *frame, const struct packet *packet)
{
	const struct flow flow = {.is_ipv6 = false};
	const bool is_client = packet->from == CLIENT;
	uint8_t *dccp;

	fixture_begin(frame, &flow, packet->from);
	dccp = frame_dccp(frame, packet->type, packet->seq, header_lens[packet->type]);
	dccp[1] = is_client ? 100 : 200;
	dccp[3] = is_client ? 200 : 100;
	if (packet->ack != 0)
		dccp[23] = (uint8_t)packet->ack;
	frame_end(frame);
}

static struct pkt
play(struct shard *shard, const struct packet packets[], unsigned int n)
{
	struct pkt pkt = {0};

	for (unsigned int i = 0; i < n; i++) {
		struct frame frame;

		shard_wait(shard, 1);
		build(&frame, &packets[i]);
		pkt = shard_accept(shard, &frame);
		if (packets[i].expected != NULL)
			assert_entry(shard, packets[i].expected);
	}
	return pkt;
}

static const struct {
	const char *letters;
	const char *name;
	uint32_t timeout;
} states[] = {
	{"RQ", "REQUEST", 240},  {"RS", "RESPOND", 480}, {"PO", "PARTOPEN", 480},
	{"OP", "OPEN", 43200},   {"CR", "CLOSEREQ", 64}, {"CG", "CLOSING", 64},
	{"TW", "TIMEWAIT", 240},
};

#define HANDSHAKE                                                                                  \
	{CLIENT, REQUEST, 10, 0, "240 REQUEST [UNREPLIED]"},                                       \
		{SERVER, RESPONSE, 77, 10, "480 RESPOND"},                                         \
		{CLIENT, ACK, 11, 77, "480 PARTOPEN [ASSURED]"},                                   \
	{                                                                                          \
		SERVER, ACK, 78, 11, "43200 OPEN [ASSURED]"                                        \
	}

static const struct {
	struct packet packets[5];
	unsigned int n;
} ways[] = {
	{{{0}}, 0},
	{{HANDSHAKE}, 1},
	{{HANDSHAKE}, 2},
	{{HANDSHAKE}, 3},
	{{HANDSHAKE}, 4},
	{{HANDSHAKE, {SERVER, CLOSEREQ, 79, 11, "64 CLOSEREQ [ASSURED]"}}, 5},
	{{HANDSHAKE, {CLIENT, CLOSE, 12, 78, "64 CLOSING [ASSURED]"}}, 5},
	{{HANDSHAKE, {CLIENT, RESET, 12, 78, "240 TIMEWAIT [ASSURED]"}}, 5},
};

// ig: it passes and changes nothing. iv: invalid. 5: nobody has answered, so the connection is over
// at once. --: a first packet is always of the client.
static const struct {
	enum end from;
	uint8_t type;
	const char *cells;
} table[] = {
	// clang-format off
	//                  NO  RQ  RS  PO  OP  CR  CG  TW
	{CLIENT, REQUEST,  "RQ  RQ  RS  ig  ig  ig  ig  RQ  "},
	{CLIENT, RESPONSE, "iv  ig  ig  ig  ig  ig  ig  iv  "},
	{CLIENT, ACK,      "iv  iv  PO  PO  OP  CR  CG  iv  "},
	{CLIENT, DATAACK,  "iv  iv  PO  PO  OP  CR  CG  iv  "},
	{CLIENT, DATA,     "iv  iv  iv  iv  OP  CR  CG  iv  "},
	{CLIENT, CLOSEREQ, "iv  iv  iv  iv  iv  iv  iv  iv  "},
	{CLIENT, CLOSE,    "iv  iv  iv  CG  CG  CG  iv  iv  "},
	{CLIENT, RESET,    "iv  5   TW  TW  TW  TW  TW  ig  "},
	{CLIENT, SYNC,     "iv  ig  ig  ig  ig  ig  ig  ig  "},
	{CLIENT, SYNCACK,  "iv  ig  ig  ig  ig  ig  ig  ig  "},
	{SERVER, REQUEST,  "--  ig  ig  ig  ig  ig  ig  RQ  "},
	{SERVER, RESPONSE, "--  RS  RS  ig  ig  ig  ig  iv  "},
	{SERVER, ACK,      "--  iv  iv  OP  OP  iv  CG  iv  "},
	{SERVER, DATAACK,  "--  iv  iv  OP  OP  iv  CG  iv  "},
	{SERVER, DATA,     "--  iv  iv  OP  OP  iv  CG  iv  "},
	{SERVER, CLOSEREQ, "--  iv  iv  CR  CR  CR  CR  iv  "},
	{SERVER, CLOSE,    "--  iv  iv  CG  CG  iv  CG  iv  "},
	{SERVER, RESET,    "--  5   TW  TW  TW  TW  TW  TW  "},
	{SERVER, SYNC,     "--  ig  ig  ig  ig  ig  ig  ig  "},
	{SERVER, SYNCACK,  "--  ig  ig  ig  ig  ig  ig  ig  "},
	// clang-format on
};

static void
describe_cell(struct shard *shard, const struct pkt *pkt, const struct ct_entry *before,
	      char cell[5])
{
	struct ct_entry after = {0};
	unsigned int state = 0;
	const bool had_entry = before->id != 0;
	const bool has_entry = shard_entry(shard, CT_CONFIRMED, 0, &after);
	const bool is_unchanged = had_entry == has_entry && after.deadline == before->deadline;

	if (pkt->class == CLASS_INVALID) {
		sprintf(cell, "%s", is_unchanged ? "iv  " : "iv? ");
	} else if (!has_entry) {
		sprintf(cell, "%s", had_entry ? "5   " : "??  ");
	} else if (is_unchanged) {
		sprintf(cell, "ig  ");
	} else {
		while (state < RTE_DIM(states) - 1 && strcmp(states[state].name, after.state) != 0)
			state++;
		sprintf(cell, "%s%c ", states[state].letters,
			after.timeout_sec == states[state].timeout ? ' ' : '?');
	}
}

static void
every_cell_is_that_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(table); i++) {
		char cells[4 * RTE_DIM(ways) + 1] = "";

		for (unsigned int column = 0; column < RTE_DIM(ways); column++) {
			const struct packet probe = {table[i].from, table[i].type, 90, 1, NULL};
			struct ct_entry before = {0};
			struct shard shard;
			struct pkt pkt;
			char cell[5];

			if (column == 0 && table[i].from == SERVER) {
				memcpy(cells, "--  ", 4);
				continue;
			}
			shard_open(&shard, &(struct shard_options){0});
			play(&shard, ways[column].packets, ways[column].n);
			(void)shard_entry(&shard, CT_CONFIRMED, 0, &before);
			pkt = play(&shard, &probe, 1);
			describe_cell(&shard, &pkt, &before, cell);
			memcpy(cells + (size_t)column * 4, cell, 4);
			shard_close(&shard);
		}
		if (strcmp(cells, table[i].cells) != 0)
			print_error("row %zu\n", i + 1);
		assert_string_equal(cells, table[i].cells);
	}
}

// The Response was for this very Request: only an Ack of exactly its number proves that.
static void
only_the_right_ack_assures(void **state)
{
	static const struct packet wrong[] = {
		{CLIENT, REQUEST, 10, 0, "240 REQUEST [UNREPLIED]"},
		{SERVER, RESPONSE, 77, 10, "480 RESPOND"},
		{CLIENT, ACK, 11, 76, "480 PARTOPEN"},
	};
	static const struct packet with_data[] = {
		{CLIENT, REQUEST, 10, 0, "240 REQUEST [UNREPLIED]"},
		{SERVER, RESPONSE, 77, 10, "480 RESPOND"},
		{CLIENT, DATAACK, 11, 77, "480 PARTOPEN"},
	};
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, wrong, RTE_DIM(wrong));
	shard_close(&shard);
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, with_data, RTE_DIM(with_data));
	shard_close(&shard);
}

// After the end, the server may begin: the roles change.
static void
a_request_of_the_server_changes_the_roles(void **state)
{
	static const struct packet packets[] = {
		HANDSHAKE,
		{CLIENT, RESET, 12, 78, "240 TIMEWAIT [ASSURED]"},
		{SERVER, REQUEST, 500, 0, "240 REQUEST [ASSURED]"},
		{CLIENT, RESPONSE, 99, 500 & 0xff, "480 RESPOND [ASSURED]"},
		{SERVER, ACK, 501, 99, "480 PARTOPEN [ASSURED]"},
		{CLIENT, ACK, 100, 0, "43200 OPEN [ASSURED]"},
	};
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, packets, RTE_DIM(packets));
	shard_close(&shard);
}

// Both hosts agree and only the filter was wrong: a Request that was let through is answered.
static void
an_answer_to_an_ignored_request_is_believed(void **state)
{
	static const struct packet packets[] = {
		HANDSHAKE,
		{SERVER, REQUEST, 500, 0, "43199 OPEN [ASSURED]"},
		{CLIENT, RESPONSE, 99, 1, "480 RESPOND [ASSURED]"},
	};
	static const struct packet unrelated[] = {
		HANDSHAKE,
		{CLIENT, RESPONSE, 99, 1, "43199 OPEN [ASSURED]"},
	};
	struct shard shard;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, packets, RTE_DIM(packets));
	shard_close(&shard);
	shard_open(&shard, &(struct shard_options){0});
	play(&shard, unrelated, RTE_DIM(unrelated));
	shard_close(&shard);
}

// RFC 4340, 5.1, 9.1 and 9.2.
static void
a_broken_header_is_invalid(void **state)
{
	static const struct {
		uint8_t type_and_x;
		uint8_t data_off;
		uint8_t coverage;
		uint32_t ip_len;  // 0: as it is
		uint32_t changed; // this byte, 0: none
		enum fault fault;
	} cases[] = {
		{REQUEST << 1 | 1, 5, 0, 0, 0, FAULT_NONE},
		{REQUEST << 1 | 1, 5, 0, 0, 25, FAULT_L4_CHECKSUM},
		{REQUEST << 1 | 1, 5, 1, 0, 25, FAULT_NONE}, // of the header only
		{REQUEST << 1 | 1, 5, 1, 0, 17, FAULT_L4_CHECKSUM},
		{REQUEST << 1 | 1, 5, 3, 0, 27, FAULT_L4_CHECKSUM}, // and two words
		{REQUEST << 1 | 1, 5, 4, 0, 0, FAULT_DCCP_HEADER},  // more than there is
		{REQUEST << 1 | 1, 2, 0, 0, 0, FAULT_DCCP_HEADER},
		{REQUEST << 1 | 1, 8, 0, 0, 0, FAULT_DCCP_HEADER},
		{REQUEST << 1 | 0, 5, 0, 0, 0, FAULT_DCCP_HEADER}, // must be of 48 bits
		{10 << 1 | 1, 5, 0, 0, 0, FAULT_DCCP_HEADER},
		{15 << 1 | 1, 5, 0, 0, 0, FAULT_DCCP_HEADER},
		{REQUEST << 1 | 1, 5, 0, 20 + 11, 0, FAULT_L4_SHORT},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct shard shard;
		struct frame frame;
		uint8_t *dccp;
		struct pkt pkt;

		shard_open(&shard, &(struct shard_options){0});
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		dccp = frame_dccp(&frame, REQUEST, 10, 20);
		frame_data(&frame, 8);
		dccp[4] = cases[i].data_off;
		dccp[5] = cases[i].coverage > 3 ? 0 : cases[i].coverage;
		dccp[8] = cases[i].type_and_x;
		frame_end(&frame);
		dccp[5] = cases[i].coverage;
		if (cases[i].changed != 0)
			dccp[cases[i].changed] ^= 0x40;
		if (cases[i].ip_len != 0)
			frame_shorten_ip(&frame, cases[i].ip_len);
		pkt = shard_accept(&shard, &frame);
		assert_string_equal(fault_name(pkt.fault), fault_name(cases[i].fault));
		assert_class(pkt, cases[i].fault == FAULT_NONE ? "new orig" : "invalid");
		shard_close(&shard);
	}
}

// As Linux since 6.17: by addresses, 600 s, and nothing in the header can be wrong.
static void
generic_dccp_has_addresses_only(void **state)
{
	static const struct packet packets[] = {
		{SERVER, DATA, 10, 0, "600 [UNREPLIED]"},
		{CLIENT, RESET, 11, 0, "600"},
		{SERVER, CLOSE, 12, 0, "600"},
	};
	struct ct_params params = shard_params();
	struct shard shard;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	params.dccp = CT_DCCP_GENERIC;
	shard_open(&shard, &(struct shard_options){.params = &params});
	pkt = play(&shard, packets, RTE_DIM(packets));
	assert_class(pkt, "established orig");
	assert_int_equal(pkt.tuple.src_field, 0);
	assert_int_equal(pkt.tuple.dst_field, 0);
	assert_false(pkt.has_ports);
	// another pair of ports, and then not even room for them, is the same flow
	for (unsigned int len = 4; len != 0; len -= 2) {
		fixture_begin(&frame, &(struct flow){0}, CLIENT);
		frame_proto(&frame, PROTO_DCCP, len);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "established reply");
	}
	assert_entry(&shard, "600");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_that_of_the_kernel),
		cmocka_unit_test(only_the_right_ack_assures),
		cmocka_unit_test(a_request_of_the_server_changes_the_roles),
		cmocka_unit_test(an_answer_to_an_ignored_request_is_believed),
		cmocka_unit_test(a_broken_header_is_invalid),
		cmocka_unit_test(generic_dccp_has_addresses_only),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
