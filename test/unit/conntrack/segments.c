// SPDX-License-Identifier: BSD-3-Clause
#include "segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Initial sequence numbers in the tables are 100 and 500, and most of what follows is near them.
const struct play segments_plays[N_PLAYS] = {
	{.is_ipv6 = false},
	{.is_ipv6 = true},
	// The client's, then the server's, numbers wrap right behind its SYN, then behind data.
	{.is_ipv6 = false, .shifts = {UINT32_MAX - 100, UINT32_MAX - 500}},
	{.is_ipv6 = true, .shifts = {UINT32_MAX - 120, 0}},
	{.is_ipv6 = false, .shifts = {0, UINT32_MAX - 700}},
	// They become negative as signed numbers.
	{.is_ipv6 = false, .shifts = {INT32_MAX - UINT32_C(110), INT32_MAX - UINT32_C(510)}},
};

// A SACK option with one block of 10 bytes, behind two of padding (RFC 2018).
static void
add_sack(struct frame *frame, uint32_t right)
{
	const uint32_t left = right - 10;
	const uint8_t option[12] = {
		1,
		1,
		5,
		10,
		(uint8_t)(left >> 24),
		(uint8_t)(left >> 16),
		(uint8_t)(left >> 8),
		(uint8_t)left,
		(uint8_t)(right >> 24),
		(uint8_t)(right >> 16),
		(uint8_t)(right >> 8),
		(uint8_t)right,
	};

	frame_options(frame, option, sizeof(option));
}

void
segments_frame(struct frame *frame, const struct play *play, const struct segment *row)
{
	const struct flow flow = {.is_ipv6 = play->is_ipv6};
	const uint32_t own = play->shifts[row->from];
	const uint32_t peers = play->shifts[row->from == CLIENT ? SERVER : CLIENT];
	const uint16_t client_port = row->sport == 0 ? 1000 : row->sport;
	struct frame_tcp tcp = {
		.sport = row->from == CLIENT ? client_port : 80,
		.dport = row->from == CLIENT ? 80 : client_port,
		.flags = row->flags,
		.seq = row->is_seq_zero ? 0 : row->seq + own,
		// The field is 0 without ACK, and in a RST that has nothing to acknowledge.
		.ack = row->ack == 0 ? 0 : row->ack + peers,
		.window = row->window,
	};

	fixture_begin(frame, &flow, row->from);
	frame_tcp(frame, &tcp);
	if (row->options_len > 0)
		frame_options(frame, row->options, row->options_len);
	if (row->sack_right != 0)
		add_sack(frame, row->sack_right + peers);
	frame_data(frame, row->len);
	frame_end(frame);
}

// The packet and its connection in the words of the tables.
static void
describe(const struct shard *shard, const struct pkt *pkt, uint64_t first_id, char *text)
{
	char class[SHARD_TEXT_MAX], entry[SHARD_TEXT_MAX];
	struct ct_entry only;

	bool is_second = shard_entry(shard, CT_CONFIRMED, 0, &only) && only.id != first_id;

	sprintf(text, "%s: %s%s", shard_class_text(pkt, class), shard_entry_text(shard, entry),
		is_second ? " #2" : "");
}

void
segments_run(struct shard *shard, const struct play *play, const struct segment rows[],
	     unsigned int n, const char *file)
{
	const uint64_t first_id = shard->seq + 1;

	for (unsigned int i = 0; i < n; i++) {
		const struct segment *row = &rows[i];
		char text[3 * SHARD_TEXT_MAX];
		struct frame frame;
		struct pkt pkt;

		shard_wait(shard, row->after == 0 ? 1 : row->after);
		segments_frame(&frame, play, row);
		pkt = shard_accept(shard, &frame);
		if (row->expected == NULL)
			continue;
		describe(shard, &pkt, first_id, text);
		if (strcmp(text, row->expected) != 0)
			print_error("row %u, played over IPv%c, shifted by %u and %u; fault %s\n",
				    i + 1, play->is_ipv6 ? '6' : '4', play->shifts[CLIENT],
				    play->shifts[SERVER], fault_name(pkt.fault));
		_assert_string_equal(text, row->expected, file, row->line);
	}
}

void
segments_assert(const struct segment rows[], unsigned int n, const struct ct_params *params,
		const char *file)
{
	for (unsigned int i = 0; i < N_PLAYS; i++) {
		struct shard shard;

		shard_open(&shard, &(struct shard_options){.params = params});
		segments_run(&shard, &segments_plays[i], rows, n, file);
		shard_close(&shard);
	}
}

void
segments_assert_each_after_handshake(const struct segment rows[], unsigned int n,
				     const struct ct_params *params, const char *file)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct segment connection[] = {HANDSHAKE, rows[i]};

		segments_assert(connection, sizeof(connection) / sizeof(connection[0]), params,
				file);
	}
}
