// SPDX-License-Identifier: BSD-3-Clause
//
// Packets of a client and a server, and what the tests of this module compare.
#pragma once

#include "util/frame.h"
#include "util/shard.h"

enum end { CLIENT, SERVER };

struct flow {
	bool is_ipv6;
	uint16_t sport; // of the client
	uint16_t dport;
};

// The address of an end: 10.1.0.2 and 10.2.0.2, fd01::2 and fd02::2.
const char *fixture_host(const struct flow *flow, enum end end);

// Ethernet and IP of a packet that this end of the flow sends; more may be added to it.
void fixture_begin(struct frame *frame, const struct flow *flow, enum end from);

// A whole UDP datagram of 8 bytes, an echo request or reply with dport as its identifier.
void fixture_udp(struct frame *frame, const struct flow *flow, enum end from);
void fixture_echo(struct frame *frame, const struct flow *flow, enum end from);

// The only connection of the table, in the text of shard_entry_text.
#define assert_entry(shard, expected) fixture_assert_entry(shard, expected, __FILE__, __LINE__)
void fixture_assert_entry(const struct shard *shard, const char *expected, const char *file,
			  int line);

// The next event, in the text of shard_event_text.
#define assert_event(shard, expected) fixture_assert_event(shard, expected, __FILE__, __LINE__)
void fixture_assert_event(struct shard *shard, const char *expected, const char *file, int line);

// A packet's class and direction, in the text of shard_class_text.
#define assert_class(pkt, expected) fixture_assert_class(pkt, expected, __FILE__, __LINE__)
void fixture_assert_class(struct pkt pkt, const char *expected, const char *file, int line);

// How many connections are confirmed, unconfirmed and dying.
#define assert_counts(shard, confirmed, unconfirmed, dying)                                        \
	fixture_assert_counts(shard, (const uint32_t[3]){confirmed, unconfirmed, dying}, __FILE__, \
			      __LINE__)
void fixture_assert_counts(const struct shard *shard, const uint32_t expected[3], const char *file,
			   int line);
