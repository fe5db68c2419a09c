// SPDX-License-Identifier: BSD-3-Clause
//
// What a segment means for the windows of both sides. tcp_window.c has all of window tracking and
// explains the bounds; the fast path of tcp.c takes the same steps inline. Private to conntrack.
#pragma once

#include <rte_tcp.h>

#include "conntrack/proto/tcp.h"

#define MAXACKWINDOW_MIN 66000 // a little more than a window without scaling

// What a segment claims, as far as its flags make the fields valid.
struct claim {
	uint32_t seq;
	uint32_t end;
	uint32_t ack;
	uint32_t sack; // highest acknowledged, selectively or not
};

static inline uint32_t
at_least_one(uint32_t window)
{
	return window == 0 ? 1 : window;
}

// Which of the four bounds a claim respects.
struct kept {
	bool i, ii, iii, iv;
};

static __rte_always_inline struct kept
look_at_bounds(const struct ct_tcp_side *sender, const struct ct_tcp_side *peer,
	       const struct claim *claim)
{
	uint32_t ack_window = RTE_MAX(sender->max_window, (uint32_t)MAXACKWINDOW_MIN);

	return (struct kept){
		.i = !seq_after(claim->seq, sender->max_end),
		.ii = !seq_before(claim->end, sender->end - peer->max_window) ||
		      peer->max_window == 0,
		.iii = !seq_after(claim->sack, peer->end),
		.iv = !seq_before(claim->sack, peer->end - ack_window),
	};
}

// Which side sent last is random, so code that depends on it has no branches: a misprediction costs
// more than a store.
static __rte_always_inline void
update_sides(struct ct_tcp_side *restrict sender, struct ct_tcp_side *restrict peer,
	     const struct tcp_segment *segment, const struct claim *claim)
{
	bool is_syn = (segment->flags & RTE_TCP_SYN_FLAG) != 0;
	uint32_t window = (uint32_t)segment->window << (is_syn ? 0 : sender->scale);
	bool acks_all = claim->ack == peer->end;

	sender->max_window = RTE_MAX(sender->max_window, window + (claim->sack - claim->ack));
	if (seq_after(claim->end, sender->end)) {
		sender->end = claim->end;
		sender->flags |= SIDE_HAS_UNACKED;
	}
	if ((segment->flags & RTE_TCP_ACK_FLAG) != 0) {
		bool is_higher = (sender->flags & SIDE_HAS_MAX_ACK) == 0 ||
				 seq_after(claim->ack, sender->max_ack);

		sender->max_ack = is_higher ? claim->ack : sender->max_ack;
		sender->flags |= SIDE_HAS_MAX_ACK;
	}
	if (peer->max_window != 0 && seq_after(claim->end, sender->max_end))
		peer->max_window += claim->end - sender->max_end;
	if (!seq_before(claim->sack + window, peer->max_end))
		peer->max_end = claim->sack + at_least_one(window);
	peer->flags &= (uint8_t) ~(acks_all * SIDE_HAS_UNACKED);
}

// Counts how often the same ACK was repeated.
static __rte_always_inline void
count_retransmission(struct ct_tcp *tcp, const struct tcp_segment *segment,
		     const struct claim *claim, enum dir dir)
{
	if (tcp->last_seq == claim->seq && tcp->last_ack == claim->ack &&
	    tcp->last_end == claim->end && tcp->last_window == segment->window &&
	    tcp->last_dir == dir) {
		tcp->n_retransmitted++;
		return;
	}
	tcp->last_dir = (uint8_t)dir;
	tcp->last_seq = claim->seq;
	tcp->last_ack = claim->ack;
	tcp->last_end = claim->end;
	tcp->last_window = segment->window;
	tcp->n_retransmitted = 0;
}
