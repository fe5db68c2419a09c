// SPDX-License-Identifier: BSD-3-Clause
//
// Link types of captures, and how packets of each become the Ethernet frames that the firewall
// reads.
//
// In other packets, an Ethernet header replaces the original link header. Its type comes from that
// header, its source is the sender's address if that has six bytes, and everything else is zero.
#pragma once

#include <stdint.h>

// The number of a link type in a file (LINKTYPE_...).
#define LINK_ETHERNET 1

// What is known about a link type.
struct link;

// The link type of this number, NULL when its packets cannot be read.
const struct link *link_find(uint32_t type);

// Length of the original header, which the frame does not contain; 0 for Ethernet.
uint32_t link_header_len(const struct link *link);

// Writes the Ethernet header of a packet, 14 bytes.
// => The packet has at least the header of its link, which is not Ethernet.
void link_make_ethernet(const struct link *link, const uint8_t *packet, uint32_t len,
			uint8_t *ethernet);

// A name for messages: "RAW (101)".
#define LINK_NAME_SIZE 64
void link_format(uint32_t type, char name[LINK_NAME_SIZE]);
