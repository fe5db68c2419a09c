// SPDX-License-Identifier: BSD-3-Clause
//
// Link types of captures, and packets of each as the Ethernet frames that the firewall reads.
//
// What is not Ethernet gets an Ethernet header in place of its own. Its type is what the own header
// says of the packet, its source is the sender's address where there is one of six bytes, and
// everything else in it is zero.
#pragma once

#include <stdint.h>

// Number of a link type in a file (LINKTYPE_...).
#define LINK_ETHERNET 1

// What is known about a link type.
struct link;

// The link type of this number, NULL when its packets cannot be read.
const struct link *link_find(uint32_t type);

// Length of its header, which the frame has not; 0 for Ethernet.
uint32_t link_header_len(const struct link *link);

// Writes the Ethernet header of a packet, 14 bytes.
// => The packet has at least the header of its link, which is not Ethernet.
void link_make_ethernet(const struct link *link, const uint8_t *packet, uint32_t len,
			uint8_t *ethernet);

// A name for messages: "RAW (101)".
#define LINK_NAME_SIZE 64
void link_format(uint32_t type, char name[LINK_NAME_SIZE]);
