// SPDX-License-Identifier: BSD-3-Clause
//
// What the two files of the TCP tracker share: tcp.c moves the state, tcp_window.c judges the
// sequence numbers. Private to conntrack.
#pragma once

#include <rte_tcp.h>

#include "conntrack/proto/proto.h"

// Numbers are those that the kernel exports.
enum tcp_state {
	TCP_NONE,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_SYN_SENT2, // a SYN from both sides: simultaneous open
	TCP_STATE_COUNT,
	TCP_IGNORE,  // in the transition table: the packet passes and changes nothing
	TCP_INVALID, // in the transition table: the packet is refused
};

// What a segment is, by its flags.
enum tcp_class { TCP_SYN, TCP_SYNACK, TCP_FIN, TCP_ACK, TCP_RST, TCP_CLASS_COUNT, TCP_NO_CLASS };

// Properties of a sender.
enum tcp_side_flag {
	SIDE_OFFERS_SCALE = 1 << 0, // window scaling, in its SYN
	SIDE_PERMITS_SACK = 1 << 1, // selective acknowledgement, in its SYN
	SIDE_CLOSED_FIRST = 1 << 2, // its FIN came first
	SIDE_IS_LIBERAL = 1 << 3,   // picked up mid-stream: its window is unknown
	SIDE_HAS_UNACKED = 1 << 4,  // data it sent is not acknowledged yet
	SIDE_HAS_MAX_ACK = 1 << 5,  // max_ack is valid
};

// Flags that say what a segment is; PSH, ECE and CWR may come with any of them.
#define TCP_FLAGS_CHECKED                                                                          \
	(RTE_TCP_FIN_FLAG | RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG |               \
	 RTE_TCP_URG_FLAG)

#define TCP_HEADER_MAX 60

// What may give an open connection less time than its state does.
enum tcp_haste {
	TCP_HASTE_UNACKED = 1 << 0,       // data of either side is not acknowledged
	TCP_HASTE_CLOSED_WINDOW = 1 << 1, // the last segment allowed its peer nothing
	TCP_HASTE_RETRANSMITTED = 1 << 2, // the same segment came too often
};

_Static_assert(TCP_HASTE_ALL == 1 << 3, "every combination has its timeout");

static inline unsigned int
tcp_haste(const struct ct *ct, const struct ct_tcp *tcp)
{
	const unsigned int flags = tcp->side[DIR_ORIG].flags | tcp->side[DIR_REPLY].flags;

	return ((flags & SIDE_HAS_UNACKED) != 0 ? TCP_HASTE_UNACKED : 0) |
	       (tcp->last_window == 0 ? TCP_HASTE_CLOSED_WINDOW : 0) |
	       (tcp->n_retransmitted >= ct->params.tcp_max_retrans ? TCP_HASTE_RETRANSMITTED : 0);
}

// A segment as it was sent.
struct tcp_segment {
	uint32_t seq;
	uint32_t ack;
	uint32_t end;    // sequence number after it; SYN and FIN take one each
	uint16_t window; // as on the wire
	uint8_t flags;   // RTE_TCP_*_FLAG
	uint8_t class;   // enum tcp_class
	uint8_t options_len;
	const uint8_t *options; // in the packet, or in scratch
	uint8_t scratch[TCP_HEADER_MAX];
};

// True for a before b, modulo 2^32 (RFC 9293, 3.4).
static inline bool
seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool
seq_after(uint32_t a, uint32_t b)
{
	return seq_before(b, a);
}

enum tcp_window_result {
	WINDOW_ACCEPT,
	WINDOW_IGNORE,  // outside, but harmless: the segment passes and changes nothing
	WINDOW_INVALID, // outside
};

// Reads the options of a SYN into side; scale and flags are set anew if there are any options.
void tcp_read_syn_options(const struct tcp_segment *segment, struct ct_tcp_side *side);

// Initialises the sender's side from the first segment of a connection: a SYN begins its window,
// any other segment is picked up mid-stream.
void tcp_window_begin(struct ct_tcp *tcp, const struct tcp_segment *segment);

// Checks a segment against the window of its sender and, if it is accepted, updates the windows of
// both sides. state is the connection's state before this segment.
enum tcp_window_result tcp_window_check(enum ct_window strictness, struct ct_tcp *tcp,
					const struct tcp_segment *segment, enum dir dir,
					enum tcp_state state);
