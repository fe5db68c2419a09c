// SPDX-License-Identifier: BSD-3-Clause
//
// Conversations of two hosts, packet by packet, as a firewall sees them: mostly what hosts say,
// with sequence numbers that go on, now and then what they do not say. Few hosts and ports, so that
// conversations meet; helpers find what they read: FTP that announces connections, TFTP, PPTP with
// its tunnel.
//
// Life cycle: talk_begin, then talk_next and the others as often as a test wants. The numbers come
// from util/random.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/tuple.h"
#include "util/frame.h"

#define TALK_HOSTS     4  // of either family, the first of util/random_rules.h
#define TALK_QUOTE_MAX 96 // bytes of a packet that an error quotes
#define TALK_PIECES    3  // of a datagram

#define TALK_FTP_PORT  21
#define TALK_TFTP_PORT 69
#define TALK_PPTP_PORT 1723

struct talk_style {
	unsigned int odd;    // percent of packets that no host should send
	unsigned int ending; // percent of TCP segments that lead to the end of their connection
};

// A TCP segment, apart from its addresses and ports.
struct talk_segment {
	enum dir dir;
	uint32_t seq, ack;
	uint16_t window;
	uint16_t len; // of its data
	uint8_t flags;
	uint8_t data_off; // in words, 0: the right one
	bool has_time_stamp;
	bool has_sack;
};

struct talk_tcp {
	unsigned int n_opening; // segments of the handshake that were sent
	bool has_time_stamps, has_sack;
	bool is_over;
	bool is_stuttering; // the last segment was sent again
	uint8_t fins;       // a bit for each side that has sent one
	uint8_t scale[DIR_COUNT];
	uint32_t seq[DIR_COUNT];   // of the next byte of either
	uint32_t acked[DIR_COUNT]; // what either has acknowledged
	struct talk_segment last;
};

struct talk {
	enum family family;
	uint8_t proto;
	union address host[DIR_COUNT]; // the client's and the server's
	uint16_t port[DIR_COUNT];
	uint16_t vlan[2];
	uint8_t n_tags;
	uint8_t mac;
	unsigned int n_sent;
	struct talk_tcp tcp;
	uint8_t quote[TALK_QUOTE_MAX]; // the beginning of its last IP packet
	uint16_t quote_len;
	bool is_elsewhere; // the last packet is of another flow: TFTP's
	enum dir quote_dir;
};

void talk_begin(struct talk *talk);

// Its next packet. Returns the direction.
enum dir talk_next(struct talk *talk, const struct talk_style *style, struct frame *frame);

// A router's error about its last packet, or about none. Returns the direction in which it goes.
enum dir talk_error(const struct talk *talk, struct frame *frame);

// A datagram in pieces, all or some of them. Returns how many.
unsigned int talk_pieces(const struct talk *talk, enum dir dir, struct frame frames[TALK_PIECES]);
