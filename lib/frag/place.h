// SPDX-License-Identifier: BSD-3-Clause
//
// The place of a fragment in its datagram, from its headers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

// The headers of the first fragment, which become those of the datagram.
struct frag_head {
	uint16_t l3_off;
	uint32_t len;      // of all headers that are kept, from the start of the frame
	uint32_t next_off; // IPv6: where the protocol number of the fragment header is,
	uint8_t next;      // and what must replace it
};

struct frag_place {
	uint32_t id;
	uint8_t proto;        // IPv4: part of the key of a datagram; IPv6: 0
	uint8_t ecn;          // the two bits of RFC 3168
	bool more;            // fragments follow
	uint32_t off;         // of the payload in the datagram
	uint32_t end;         // likewise, after its last byte
	uint32_t payload_off; // from the start of the frame
	struct frag_head head;
};

enum frag_place_kind {
	FRAG_PLACE_GOOD,
	FRAG_PLACE_NONE,    // need not be held, see place.c
	FRAG_PLACE_CUT_OFF, // the fragment header is truncated
};

// Reads the place of a packet for which pkt_has_place holds. Sets *place if it is good.
enum frag_place_kind frag_place_read(const struct pkt *pkt, struct frag_place *place);
