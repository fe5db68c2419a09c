// SPDX-License-Identifier: BSD-3-Clause
//
// What flows send to each other, written into captures.
#pragma once

#include <stdint.h>

#include "capture.h"
#include "flow.h"
#include "order.h"

struct traffic {
	struct flow_family family;
	struct order order;
	uint64_t n_packets; // to write, about; whole passes over all flows are written
	struct capture capture;
};

// The beginning of every flow, before what the others write: the handshake of TCP, or one packet.
void pattern_beginning(struct traffic *traffic);

// Established flows. Each sends once per pass in random order, the directions in turn, so that in
// one lap both directions of every flow send the same; TCP sequence numbers go on with it.
// => Returns how many bytes each direction of a flow has sent.
uint32_t pattern_established(struct traffic *traffic);

// UDP flows drawn by their share, with random direction; frames have the least length.
void pattern_drawn(struct traffic *traffic);

// Likewise, with frames of 60, 590 and 1514 bytes in proportion 7:4:1.
void pattern_imix(struct traffic *traffic);

// One packet of each flow.
void pattern_single(struct traffic *traffic);

// A whole TCP connection of each flow: eight packets from SYN to the last ACK.
void pattern_short(struct traffic *traffic);
