// SPDX-License-Identifier: BSD-3-Clause
//
// A glance at a frame: what the lane (pipeline/lane.c) has to know of a packet, in place of all
// that packet/parse.h finds out. It sees only what nearly all packets are: a whole TCP or UDP
// packet in IPv4 without options or in IPv6 without extension headers, with up to two VLAN tags,
// whose headers lie in one segment. Whatever it says, parsing says too; it just does not say much.
//
// Life cycle: taken of a burst, gone with it. Any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/key.h"
#include "packet/packet.h"

// Offsets count from the start of the frame.
struct glance {
	uint16_t l3_off;
	uint16_t l4_off;
	uint16_t l3_len; // of the IP packet, header included
	uint16_t l4_len;
};

// Of the packets of a burst, those of [i] at [i].
struct glances {
	struct flow_key keys[BURST_MAX]; // in zone 0
	bool are_turned[BURST_MAX];      // see key_from_tuple
	struct glance at[BURST_MAX];
};

// Takes a glance at each of n packets, at most BURST_MAX. Returns those that it could make out, a
// bit each: the others have to be parsed, and their keys are no flow's.
// => The packets have their frames (pkt.mbuf). Never reads past a frame.
uint64_t packet_glance_burst(const struct pkt pkts[], uint16_t n, struct glances *glances);

// The same facts of a packet that was parsed. => pkt.is_plain.
static inline struct glance
glance_of(const struct pkt *pkt)
{
	return (struct glance){
		.l3_off = pkt->l3_off,
		.l4_off = (uint16_t)pkt->l4_off,
		.l3_len = (uint16_t)pkt->l3_len,
		.l4_len = pkt->l4_len,
	};
}
