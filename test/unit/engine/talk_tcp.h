// SPDX-License-Identifier: BSD-3-Clause
//
// The TCP of conversations. Private to talk.c.
#pragma once

#include "talk.h"

#define TALK_CALL_ID 100 // of the client of PPTP; the server's follows

// A part of a datagram.
struct talk_piece {
	uint16_t id;
	uint16_t off;
	uint16_t len;
	bool has_more;
};

void talk_tcp_begin(struct talk_tcp *tcp);

// What is said next, or what nobody would say.
struct talk_segment talk_tcp_next(struct talk_tcp *tcp, const struct talk_style *style,
				  bool is_odd);

// Adds the segment to a frame.
void talk_tcp_add(struct talk *talk, const struct talk_segment *segment, struct frame *frame);

// An FTP server listens there.
void talk_announce(const union address *host, uint16_t port);
