// SPDX-License-Identifier: BSD-3-Clause
//
// Window tracking: does a segment fit what its sender may send and what its peer has sent?
//
// Guido van Rooij ("Real Stateful TCP Packet Filtering in IP Filter", 2001) showed four bounds
// that a filter between two hosts can check with what it sees of both. S is the sender, P its peer:
//
//   I    seq <= max_end(S)                   not beyond what P's window allows
//   II   end >= end(S) - max_window(P)       not below what P could still want
//   III  ack <= end(P)                       not for data that P has not sent
//   IV   ack >= end(P) - MAXACKWINDOW(S)     not for data from long ago
//
// As Linux does since 6.0, II and IV are no reason to refuse: such a segment passes and is not
// believed. A segment beyond I by less than P's window passes too, since some senders overshoot.
#include "conntrack/proto/tcp_window.h"

#include <rte_tcp.h>

#define SCALE_MAX 14 // RFC 7323, 2.3

// Option kinds (RFC 9293, RFC 7323, RFC 2018).
enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_SCALE = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_SACK = 5
};

// One option at a time: kind, length and value. Returns false at the end, or at one that is broken.
static bool
next_option(const struct tcp_segment *segment, uint8_t *at, const uint8_t **option)
{
	const uint8_t *options = segment->options;
	uint8_t len = segment->options_len;

	while (*at < len && options[*at] == OPTION_NOP)
		(*at)++;
	if (*at + 2 > len || options[*at] == OPTION_END || options[*at + 1] < 2 ||
	    *at + options[*at + 1] > len)
		return false;
	*option = options + *at;
	*at = (uint8_t)(*at + options[*at + 1]);
	return true;
}

void
tcp_read_syn_options(const struct tcp_segment *segment, struct ct_tcp_side *side)
{
	const uint8_t *option;
	uint8_t at = 0;

	if (segment->options_len == 0)
		return;
	side->scale = 0;
	side->flags &= SIDE_IS_LIBERAL;
	while (next_option(segment, &at, &option)) {
		if (option[0] == OPTION_SACK_PERMITTED && option[1] == 2) {
			side->flags |= SIDE_PERMITS_SACK;
		} else if (option[0] == OPTION_SCALE && option[1] == 3) {
			side->scale = RTE_MIN(option[2], SCALE_MAX);
			side->flags |= SIDE_OFFERS_SCALE;
		}
	}
}

// The highest sequence number that is acknowledged, selectively or not.
static uint32_t
highest_ack(const struct tcp_segment *segment)
{
	uint32_t highest = segment->ack;
	const uint8_t *option;
	uint8_t at = 0;

	while (next_option(segment, &at, &option)) {
		if (option[0] != OPTION_SACK || option[1] < 10 || (option[1] - 2) % 8 != 0)
			continue;
		for (uint8_t edge = 6; edge < option[1]; edge += 8) {
			uint32_t right = (uint32_t)option[edge] << 24 | option[edge + 1] << 16 |
					 option[edge + 2] << 8 | option[edge + 3];

			if (seq_after(right, highest))
				highest = right;
		}
		break;
	}
	return highest;
}

// A SYN says all about its sender. Windows are scaled only when both sides have offered it.
static void
begin_with_syn(struct ct_tcp *tcp, const struct tcp_segment *segment, enum dir dir)
{
	struct ct_tcp_side *sender = &tcp->side[dir];
	struct ct_tcp_side *peer = &tcp->side[dir_other(dir)];

	sender->end = segment->end;
	sender->max_end = segment->end;
	sender->max_window = at_least_one(segment->window);
	tcp_read_syn_options(segment, sender);
	if (dir == DIR_REPLY && (sender->flags & peer->flags & SIDE_OFFERS_SCALE) == 0) {
		sender->scale = 0;
		peer->scale = 0;
	}
}

void
tcp_window_begin(struct ct_tcp *tcp, const struct tcp_segment *segment)
{
	struct ct_tcp_side *sender = &tcp->side[DIR_ORIG];

	tcp->last_class = TCP_NO_CLASS;
	if (segment->class == TCP_SYN) {
		begin_with_syn(tcp, segment, DIR_ORIG);
		return;
	}
	sender->end = segment->end;
	sender->max_window = at_least_one(segment->window);
	sender->max_end = segment->end + sender->max_window;
	sender->flags = SIDE_PERMITS_SACK | SIDE_IS_LIBERAL;
	tcp->side[DIR_REPLY].flags = SIDE_PERMITS_SACK | SIDE_IS_LIBERAL;
}

// Nothing is known about this sender's window, and this is no SYN: learn from the segment.
static void
learn(struct ct_tcp_side *sender, struct ct_tcp_side *peer, const struct tcp_segment *segment,
      uint32_t sack)
{
	sender->end = segment->end;
	sender->max_window = at_least_one((uint32_t)segment->window << sender->scale);
	sender->max_end = segment->end + sender->max_window;
	if (peer->max_window == 0) {
		peer->end = sack;
		peer->max_end = sack;
	} else if (sack == peer->end + 1) {
		peer->end++; // the answer to a keep-alive, which the filter had not counted
	}
}

static struct claim
claim_of(const struct tcp_segment *segment, const struct ct_tcp_side *sender,
	 const struct ct_tcp_side *peer, uint32_t sack, enum tcp_state state)
{
	struct claim claim = {segment->seq, segment->end, segment->ack, sack};
	bool has_ack = (segment->flags & RTE_TCP_ACK_FLAG) != 0;
	bool is_rst = segment->class == TCP_RST;

	// Without ACK nothing is claimed. Some stacks set ACK in a RST and leave the number 0.
	if (!has_ack || (is_rst && segment->ack == 0))
		claim.ack = claim.sack = peer->end;
	// A RST that answers a SYN has no sequence number of its own.
	if (is_rst && segment->seq == 0 && state == TCP_SYN_SENT)
		claim.seq = claim.end = sender->end;
	return claim;
}

static enum tcp_window_result
check_bounds(enum ct_window strictness, struct ct_tcp_side *sender, const struct ct_tcp_side *peer,
	     const struct claim *claim)
{
	struct kept kept = look_at_bounds(sender, peer, claim);

	if (!kept.i) {
		uint32_t overshoot = claim->end - sender->max_end + 1;

		if (peer->max_window == 0 || !kept.ii || !kept.iii || !kept.iv ||
		    overshoot > peer->max_window || strictness == CT_WINDOW_STRICT)
			return WINDOW_INVALID;
		// The peer may acknowledge what it was sent too much of.
		sender->end = claim->end;
		sender->flags |= SIDE_HAS_UNACKED;
		return WINDOW_IGNORE;
	}
	if (!kept.iii)
		return WINDOW_INVALID;
	return kept.ii && kept.iv ? WINDOW_ACCEPT : WINDOW_IGNORE;
}

enum tcp_window_result
tcp_window_check(enum ct_window strictness, struct ct_tcp *tcp, const struct tcp_segment *segment,
		 enum dir dir, enum tcp_state state)
{
	struct ct_tcp_side *sender = &tcp->side[dir];
	struct ct_tcp_side *peer = &tcp->side[dir_other(dir)];
	bool is_syn = (segment->flags & RTE_TCP_SYN_FLAG) != 0;
	bool has_ack = (segment->flags & RTE_TCP_ACK_FLAG) != 0;
	uint32_t sack =
		(peer->flags & SIDE_PERMITS_SACK) != 0 ? highest_ack(segment) : segment->ack;
	enum tcp_window_result result;
	struct claim claim;

	if (sender->max_window == 0) {
		if (is_syn) {
			begin_with_syn(tcp, segment, dir);
			if (!has_ack)
				return WINDOW_ACCEPT; // simultaneous open
		} else {
			learn(sender, peer, segment, sack);
		}
	} else if (is_syn && seq_after(segment->end, sender->end) &&
		   (state == TCP_SYN_SENT || state == TCP_SYN_RECV)) {
		// The handshake began anew, maybe with other options.
		begin_with_syn(tcp, segment, dir);
		if (dir == DIR_REPLY && !has_ack)
			return WINDOW_ACCEPT;
	}
	claim = claim_of(segment, sender, peer, sack, state);
	result = check_bounds(strictness, sender, peer, &claim);
	if (result != WINDOW_ACCEPT) {
		bool is_liberal =
			strictness == CT_WINDOW_LIBERAL || (sender->flags & SIDE_IS_LIBERAL) != 0;

		if (is_liberal)
			return WINDOW_ACCEPT;
		return strictness == CT_WINDOW_STRICT ? WINDOW_INVALID : result;
	}
	update_sides(sender, peer, segment, &claim);
	if (segment->class == TCP_ACK)
		count_retransmission(tcp, segment, &claim, dir);
	return WINDOW_ACCEPT;
}
