// SPDX-License-Identifier: BSD-3-Clause
//
// A packet of a flow as an Ethernet frame, with all checksums good.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"

#define FRAME_MIN 60 // without the FCS
#define FRAME_MAX 1514

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint16_t len;
};

struct packet_spec {
	bool is_reply;     // from the server
	uint8_t tcp_flags; // the rest is ignored for UDP
	uint32_t seq;
	uint32_t ack;
	uint16_t payload; // bytes
};

// The frame has the packet, padded to the least length a frame has.
// => What the headers and the payload make together is at most FRAME_MAX.
void frame_make(struct frame *frame, const struct flow_family *family, const struct flow *flow,
		const struct packet_spec *spec);

// The payload that makes a frame of so many bytes; 0 when the headers alone are longer.
uint16_t frame_payload_for(const struct flow_family *family, uint16_t len);
