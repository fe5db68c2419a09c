// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of this module share: parsing a frame, and what came out as one line of text.
#pragma once

#include "packet/hash.h"
#include "packet/packet.h"
#include "util/frame.h"

#define DESCRIPTION_MAX 256

// The secret that these tests hash with.
const struct hash_secret *fixture_secret(void);

// A pkt of this mbuf, parsed. => The caller frees the mbuf.
struct pkt fixture_parse(struct rte_mbuf *mbuf);

// Everything that may be read in a parsed packet, in one line:
//
//   fault: family proto src field > dst field l3 offset+length l4 offset+length
//
// The fields are left out when there is no tuple, and have a colon before them when they are ports;
// what cannot be read is its fault alone, and what is not IP its ethertype.
// => text has room for DESCRIPTION_MAX; returns text.
const char *fixture_describe(const struct pkt *pkt, char *text);

// Parses the frame and compares its description.
#define assert_parsed(frame, expected) fixture_assert_parsed(frame, expected, __FILE__, __LINE__)
void fixture_assert_parsed(const struct frame *frame, const char *expected, const char *file,
			   int line);
