// SPDX-License-Identifier: BSD-3-Clause
//
// The size of packets that a net_af_packet device can pass.
//
// The driver shares rings of frames with the kernel, which truncates longer packets, and copies
// each frame into a single packet buffer. It does not support an MTU above 1500 as such: the frame
// size is an argument, framesz, 2048 by default. So a larger MTU is turned into arguments here: for
// a port with mtu in the configuration that MTU, otherwise the interface's MTU when sallyport
// starts, up to AF_PACKET_AUTO_MAX.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AF_PACKET_AUTO_MAX 9216 // supported by most NICs

// Determines everything about a device. device and mtu are from the configuration; mtu is 0 if not
// set.
struct af_packet {
	bool is_one;            // a net_af_packet device; if not, the rest is zero
	char interface[16];     // empty: the device's arguments name none
	uint32_t interface_mtu; // 0: there is no such interface
	uint32_t framesz;       // of the device in the end
	uint32_t blocksz;       // likewise; 0: the driver's own default
	bool has_own_size;      // the user's arguments say framesz or blocksz
	uint32_t passes;        // bytes of the largest IP packet that is not truncated
	const char *fault;      // why this cannot work, a sentence; NULL: it can
};

struct af_packet af_packet_look(const char *device, uint16_t mtu);

// The device's arguments with those that are added.
// => malloc'd, the caller's. NULL: no memory.
char *af_packet_arguments(const struct af_packet *look, const char *device);

// The necessary size of a packet buffer for such a device, headroom included.
uint32_t af_packet_buffer_bytes(const struct af_packet *look);

// Sets the interface's MTU, unless it is already right. Returns 0 or a negative errno.
int af_packet_set_mtu(const struct af_packet *look, uint16_t mtu);
