// SPDX-License-Identifier: BSD-3-Clause
//
// TCP as rows of a table: who sends what, and what conntrack makes of it.
//
//	static const struct segment handshake[] = {
//		C(SYN,       100,   0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),
//		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),
//		C(ACK,       101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]"),
//	};
//
// Columns: flags, seq, ack, window, bytes of data, the packet's class and direction and, behind the
// colon, the connection as it stands in the table right after it: seconds left, state, status.
// Each segment comes one second after the one before, so that a timeout that was not refreshed is
// one less than it was. A second connection in the same table of rows is "#2".
//
// Each table of rows is played several times: over IPv4 and IPv6, and with sequence numbers shifted
// so that they wrap, once on each side.
#pragma once

#include "fixture.h"

enum {
	FIN = TH_FIN,
	SYN = TH_SYN,
	RST = TH_RST,
	PSH = TH_PSH,
	ACK = TH_ACK,
	URG = TH_URG,
};

struct segment {
	int line;
	enum end from;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint16_t len;
	const char *expected; // NULL: of no interest
	// What only some rows have.
	const uint8_t *options;
	uint8_t options_len;
	uint32_t sack_right; // right edge of a SACK option, 0: none
	uint16_t sport;      // another flow than the table's own
	uint32_t after;      // seconds since the row before, 0: 1
	bool is_seq_zero;    // the sequence number is 0, whatever the sides count from
};

#define C(...)                                                                                     \
	{                                                                                          \
		.line = __LINE__, .from = CLIENT, __VA_ARGS__                                      \
	}
#define S(...)                                                                                     \
	{                                                                                          \
		.line = __LINE__, .from = SERVER, __VA_ARGS__                                      \
	}

// One way of playing rows.
struct play {
	bool is_ipv6;
	uint32_t shifts[2]; // added to the sequence numbers of CLIENT and SERVER
};

#define N_PLAYS 6
extern const struct play segments_plays[N_PLAYS];

// Plays rows on an open shard and compares.
void segments_run(struct shard *shard, const struct play *play, const struct segment rows[],
		  unsigned int n, const char *file);

// Plays rows in every way, each in a shard of its own with these parameters (NULL: defaults).
#define assert_segments(rows, params)                                                              \
	segments_assert(rows, sizeof(rows) / sizeof((rows)[0]), params, __FILE__)
void segments_assert(const struct segment rows[], unsigned int n, const struct ct_params *params,
		     const char *file);

// The frame of one row.
void segments_frame(struct frame *frame, const struct play *play, const struct segment *row);

// Window 65535 on both sides, no options; both send their next byte as 101 and 501.
#define HANDSHAKE                                                                                  \
	C(SYN, 100, 0, 65535, 0, "new orig: 120 SYN_SENT [UNREPLIED]"),                            \
		S(SYN | ACK, 500, 101, 65535, 0, "established reply: 60 SYN_RECV"),                \
		C(ACK, 101, 501, 65535, 0, "established orig: 432000 ESTABLISHED [ASSURED]")

// Plays the handshake with a single row behind it, for each of the rows.
#define assert_each_after_handshake(rows, n, params)                                               \
	segments_assert_each_after_handshake(rows, n, params, __FILE__)
void segments_assert_each_after_handshake(const struct segment rows[], unsigned int n,
					  const struct ct_params *params, const char *file);
