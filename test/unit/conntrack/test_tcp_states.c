// SPDX-License-Identifier: BSD-3-Clause
//
// The state machine of TCP, cell by cell: every class of segment, from both sides, in every state.
//
// The table below is that of Linux 6.18 as measured, written down as a table and not as code. Each
// cell is a connection of its own that was driven into the old state by real segments; the segment
// of the cell fits the windows, so that nothing but the table and its special rules decides.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

// The states by their two letters, and the timeouts in seconds that they have by default.
static const struct {
	const char *letters;
	const char *name;
	uint32_t timeout;
} states[] = {
	{"SS", "SYN_SENT", 120},  {"SR", "SYN_RECV", 60},   {"ES", "ESTABLISHED", 432000},
	{"FW", "FIN_WAIT", 120},  {"CW", "CLOSE_WAIT", 60}, {"LA", "LAST_ACK", 30},
	{"TW", "TIME_WAIT", 120}, {"CL", "CLOSE", 10},      {"S2", "SYN_SENT2", 120},
};

// How a connection gets into each old state, in the order of the columns; next is the sequence
// number that each side sends next.
static const struct {
	const char *letters;
	struct segment rows[7];
	unsigned int n_rows;
	uint32_t next[2];
} ways[] = {
	{"NO", {{0}}, 0, {100, 500}},
	{"SS", {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]")}, 1, {101, 500}},
	{"SR",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV")},
	 2,
	 {101, 501}},
	{"ES",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]")},
	 3,
	 {101, 501}},
	{"FW",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	  C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]")},
	 4,
	 {102, 501}},
	{"CW",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	  C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
	  S(ACK, 501, 102, 65535, 0, "established reply: 60 CLOSE_WAIT [ASSURED]")},
	 5,
	 {102, 501}},
	{"LA",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	  C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
	  S(ACK, 501, 102, 65535, 0, "established reply: 60 CLOSE_WAIT [ASSURED]"),
	  S(FIN | ACK, 501, 102, 65535, 0, "established reply: 30 LAST_ACK [ASSURED]")},
	 6,
	 {102, 502}},
	{"TW",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	  C(FIN | ACK, 101, 501, 65535, 0, "established orig: 120 FIN_WAIT [ASSURED]"),
	  S(ACK, 501, 102, 65535, 0, "established reply: 60 CLOSE_WAIT [ASSURED]"),
	  S(FIN | ACK, 501, 102, 65535, 0, "established reply: 30 LAST_ACK [ASSURED]"),
	  C(ACK, 102, 502, 65535, 0, "established orig: 120 TIME_WAIT [ASSURED]")},
	 7,
	 {102, 502}},
	{"CL",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
	  C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
	  C(RST, 101, 0, 0, 0, "established orig: 10 CLOSE [ASSURED]")},
	 4,
	 {101, 501}},
	{"S2",
	 {C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
	  S(SYN, 500, 0, 65535, 0, "established reply: 119 SYN_SENT2")},
	 2,
	 {101, 501}},
};

#define N_STATES RTE_DIM(ways)

struct row {
	enum end from;
	uint8_t flags;
	bool is_syn; // its sequence number is the first of its side
	const char *cells;
};

// iv: invalid. ig: it passes, as established, and changes nothing. Otherwise the new state, and
// behind it what is special about it:
//
//   r  it is a SYN before any answer: the timeout is not refreshed, the packet not counted
//   1  the old connection is over and the segment begins another, in its own direction
//   3  it is picked up mid-stream, and has 300 s until somebody answers
//   5  nobody had answered, so the connection is over at once
//
// --: a first packet is always of the original direction.
static const struct row table[] = {
	// clang-format off
	//                          NO  SS  SR  ES  FW  CW  LA  TW  CL  S2
	{CLIENT, SYN,       true,  "SS  SSr ig  ig  ig  ig  ig  SS1 SS1 S2  "},
	{CLIENT, SYN | ACK, true,  "iv  iv  SR  iv  iv  iv  iv  iv  iv  SR  "},
	{CLIENT, FIN | ACK, false, "iv  iv  FW  FW  LA  LA  LA  TW  CL  iv  "},
	{CLIENT, ACK,       false, "ES3 iv  ES  ES  CW  CW  TW  TW  CL  iv  "},
	{CLIENT, RST,       false, "iv  CL5 CL  CL  CL  CL  CL  CL  CL  CL  "},
	{CLIENT, 0,         false, "iv  iv  iv  iv  iv  iv  iv  iv  iv  iv  "},
	{SERVER, SYN,       true,  "--  S2r iv  iv  iv  iv  iv  SS1 iv  S2  "},
	{SERVER, SYN | ACK, true,  "--  SR  ig  ig  ig  ig  ig  ig  ig  SR  "},
	{SERVER, FIN | ACK, false, "--  iv  FW  FW  LA  LA  LA  TW  CL  iv  "},
	{SERVER, ACK,       false, "--  ig  SR  ES  CW  CW  TW  TW  CL  ig  "},
	{SERVER, RST | ACK, false, "--  CL5 CL  CL  CL  CL  CL  CL  CL  CL  "},
	{SERVER, 0,         false, "--  iv  iv  iv  iv  iv  iv  iv  iv  iv  "},
	// clang-format on
};

// What a segment did.
struct outcome {
	struct pkt pkt;
	bool had_entry, has_entry;
	struct ct_entry before, after;
	struct ct_event event; // the last one told
};

static void
play_cell(const struct row *row, unsigned int column, const struct play *play,
	  struct outcome *outcome)
{
	const uint32_t first[2] = {100, 500};
	const enum end other = row->from == CLIENT ? SERVER : CLIENT;
	const struct segment probe = {
		.from = row->from,
		.flags = row->flags,
		.seq = row->is_syn ? first[row->from] : ways[column].next[row->from],
		.ack = (row->flags & ACK) == 0 ? 0
		       : row->is_syn           ? first[other] + 1
					       : ways[column].next[other],
		.window = (row->flags & RST) != 0 ? 0 : 65535,
	};
	struct frame frame;
	struct shard shard;

	memset(outcome, 0, sizeof(*outcome));
	shard_open(&shard, &(struct shard_options){.event_ring = 15});
	segments_run(&shard, play, ways[column].rows, ways[column].n_rows, __FILE__);
	outcome->had_entry = shard_entry(&shard, CT_CONFIRMED, 0, &outcome->before);
	shard_wait(&shard, 1);
	segments_frame(&frame, play, &probe);
	outcome->pkt = shard_accept(&shard, &frame);
	outcome->has_entry = shard_entry(&shard, CT_CONFIRMED, 0, &outcome->after);
	while (shard_event(&shard, &outcome->event))
		;
	shard_close(&shard);
}

static bool
is_unchanged(const struct outcome *outcome)
{
	const struct ct_entry *before = &outcome->before, *after = &outcome->after;

	if (!outcome->had_entry || !outcome->has_entry)
		return outcome->had_entry == outcome->has_entry;
	return after->id == before->id && strcmp(after->state, before->state) == 0 &&
	       after->deadline == before->deadline &&
	       after->packets[DIR_ORIG] == before->packets[DIR_ORIG] &&
	       after->packets[DIR_REPLY] == before->packets[DIR_REPLY];
}

// Class and direction are those of any packet of a flow from this side.
static bool
is_of_its_side(const struct outcome *outcome, enum end from)
{
	const uint32_t seen = outcome->after.status & CT_SEEN_REPLY;

	if (from == SERVER)
		return outcome->pkt.class == CLASS_ESTABLISHED && outcome->pkt.dir == DIR_REPLY;
	return outcome->pkt.class == (seen ? CLASS_ESTABLISHED : CLASS_NEW) &&
	       outcome->pkt.dir == DIR_ORIG;
}

static bool
begins_another(const struct outcome *outcome, enum end from)
{
	return outcome->pkt.class == CLASS_NEW && outcome->pkt.dir == DIR_ORIG &&
	       outcome->after.timeout_sec == 120 &&
	       tuple_equal(&outcome->after.tuple[DIR_ORIG], &outcome->before.tuple[from]);
}

// What happened, in the words of the table; ? is what no cell may be.
static const char *
describe_cell(const struct outcome *outcome, enum end from, char cell[5])
{
	const struct ct_entry *after = &outcome->after;
	const char *name = outcome->has_entry ? after->state : outcome->event.entry.state;
	unsigned int state = 0;
	char mark = '?';

	if (outcome->pkt.class == CLASS_INVALID)
		return is_unchanged(outcome) && outcome->pkt.dir == DIR_NONE ? "iv  " : "iv? ";
	if (is_unchanged(outcome) && outcome->pkt.class == CLASS_ESTABLISHED)
		return is_of_its_side(outcome, from) && (after->status & CT_SEEN_REPLY) ? "ig  "
											: "ig? ";
	while (state < RTE_DIM(states) && (name == NULL || strcmp(states[state].name, name) != 0))
		state++;
	if (state == RTE_DIM(states))
		return "??? ";
	if (!outcome->has_entry)
		mark = outcome->event.type == CT_EVENT_DESTROY ? '5' : '?';
	else if (outcome->had_entry && after->id != outcome->before.id)
		mark = begins_another(outcome, from) ? '1' : '?';
	else if (!is_of_its_side(outcome, from))
		mark = '?';
	else if (after->timeout_sec == states[state].timeout)
		mark = ' ';
	else if (!outcome->had_entry && after->timeout_sec == 300)
		mark = '3';
	else if (outcome->had_entry && after->deadline == outcome->before.deadline)
		mark = 'r';
	sprintf(cell, "%s%c ", states[state].letters, mark);
	return cell;
}

static void
every_cell_is_that_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(table); i++) {
		for (unsigned int play = 0; play < N_PLAYS; play++) {
			char cells[4 * N_STATES + 1] = "";

			for (unsigned int column = 0; column < N_STATES; column++) {
				struct outcome outcome;
				char cell[5];

				if (column == 0 && table[i].from == SERVER) {
					memcpy(cells, "--  ", 4);
					continue;
				}
				play_cell(&table[i], column, &segments_plays[play], &outcome);
				memcpy(cells + (size_t)column * 4,
				       describe_cell(&outcome, table[i].from, cell), 4);
			}
			if (strcmp(cells, table[i].cells) != 0)
				print_error("row %zu, play %u\n", i + 1, play);
			assert_string_equal(cells, table[i].cells);
		}
	}
}

// SYN, SYN and URG, SYN and ACK, RST with and without ACK, FIN and ACK and ACK alone with and
// without URG: nothing else is a segment. PSH, ECE and CWR may come with any of these.
static void
flags_that_mean_nothing_are_invalid(void **state)
{
	static const uint8_t valid[] = {
		SYN,       SYN | URG,       SYN | ACK, RST,       RST | ACK,
		FIN | ACK, FIN | ACK | URG, ACK,       ACK | URG,
	};

	(void)state;
	for (unsigned int flags = 0; flags < 256; flags++) {
		const struct segment segment = {
			.from = CLIENT,
			.flags = (uint8_t)flags,
			.seq = 101,
			.ack = 501,
			.window = 65535,
		};
		bool is_valid = false;
		struct frame frame;
		struct shard shard;
		struct pkt pkt;

		for (size_t i = 0; i < RTE_DIM(valid); i++)
			is_valid |= valid[i] == (flags & (FIN | SYN | RST | ACK | URG));
		shard_open(&shard, &(struct shard_options){0});
		segments_run(&shard, &segments_plays[0], ways[3].rows, ways[3].n_rows, __FILE__);
		segments_frame(&frame, &segments_plays[0], &segment);
		pkt = shard_accept(&shard, &frame);
		assert_int_equal(pkt.fault == FAULT_TCP_FLAGS, !is_valid);
		if (!is_valid)
			assert_int_equal(pkt.class, CLASS_INVALID);
		shard_close(&shard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_that_of_the_kernel),
		cmocka_unit_test(flags_that_mean_nothing_are_invalid),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
