// SPDX-License-Identifier: BSD-3-Clause
//
// What the headers of a fragment say about its place in the datagram.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// What of the first fragment's headers becomes the datagram's.
struct frag_head {
	uint16_t l3_off;
	uint32_t len;      // of all headers that are kept, from the start of the frame
	uint32_t next_off; // IPv6: where the number of the fragment header stands,
	uint8_t next;      // and what has to stand there instead
};

struct frag_place {
	uint32_t id;
	uint8_t proto;        // IPv4: tells datagrams apart; IPv6: 0
	uint8_t ecn;          // the two bits of RFC 3168
	bool more;            // fragments follow
	uint32_t off;         // of the payload in the datagram
	uint32_t end;         // likewise, behind its last byte
	uint32_t payload_off; // from the start of the frame
	struct frag_head head;
};

enum frag_place_kind {
	FRAG_PLACE_GOOD,
	FRAG_PLACE_NONE,    // nothing to hold, see place.c
	FRAG_PLACE_CUT_OFF, // the fragment header is not all there
};

// Reads the place of a packet of which pkt_has_place holds. *place is set when it is good.
enum frag_place_kind frag_place_read(const struct pkt *pkt, struct frag_place *place);
