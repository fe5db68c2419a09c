// SPDX-License-Identifier: BSD-3-Clause
//
// How large the packets are that pass at a device of net_af_packet.
//
// The driver shares rings of frames with the kernel, which cuts off what is longer than one, and
// copies each frame into a single packet buffer. It has no notion of an MTU above 1500: how long
// frames are is an argument, framesz, and usually 2048. So an MTU that needs more is turned into
// arguments here, for a port with mtu in the configuration, and otherwise for the MTU that the
// interface has when sallyport starts, up to AF_PACKET_AUTO_MAX.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AF_PACKET_AUTO_MAX 9216 // what NICs have in common

// Everything there is to know. device is that of the configuration, mtu likewise, 0: not set.
struct af_packet {
	bool is_one;            // of net_af_packet; the rest is zero otherwise
	char interface[16];     // empty: the device's arguments name none
	uint32_t interface_mtu; // 0: the interface is not there
	uint32_t framesz;       // that the device has in the end
	uint32_t blocksz;       // likewise; 0: the driver's own default
	bool has_own_size;      // the user's arguments say framesz or blocksz
	uint32_t passes;        // bytes of the largest IP packet that is not cut
	const char *fault;      // why it cannot be so, a sentence; NULL: it can
};

struct af_packet af_packet_look(const char *device, uint16_t mtu);

// The device's arguments with those that are added.
// => malloc'd, the caller's. NULL: no memory.
char *af_packet_arguments(const struct af_packet *look, const char *device);

// What a packet buffer has to hold for such a device, with its headroom.
uint32_t af_packet_buffer_bytes(const struct af_packet *look);

// Gives the interface an MTU, unless it has that. Returns 0 or a negative errno.
int af_packet_set_mtu(const struct af_packet *look, uint16_t mtu);
