// SPDX-License-Identifier: BSD-3-Clause
//
// Frames for tests, written from the outermost header inwards.
//
//	struct frame frame;
//
//	frame_begin(&frame);
//	frame_ethernet(&frame);
//	frame_ip(&frame, "192.0.2.1", "198.51.100.2");
//	frame_udp(&frame, 1025, 53);
//	frame_data(&frame, 12);
//	frame_end(&frame);
//
// frame_end fills in what follows from the rest, from the inside out: ethertypes, protocol numbers,
// lengths and checksums. A field that is not zero by then is left as the test has set it; whatever
// the test changes afterwards stays wrong. Every function that adds a header returns where it
// begins, so that a test can change a byte of it.
//
// The checksums are the test's own code, none of it shared with lib/.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX        4096
#define FRAME_LAYERS_MAX 24

enum frame_kind {
	FRAME_ETHERNET,
	FRAME_TAG,
	FRAME_IPV4,
	FRAME_IPV6,
	FRAME_EXTENSION, // hop-by-hop, routing, destination options, authentication
	FRAME_FRAGMENT,  // of IPv6
	FRAME_TCP,
	FRAME_UDP,
	FRAME_UDPLITE,
	FRAME_ICMP, // of either family
	FRAME_GRE,
	FRAME_SCTP,
	FRAME_DCCP,
	FRAME_OTHER,
	FRAME_DATA,
};

struct frame_layer {
	enum frame_kind kind;
	uint16_t off;
	uint8_t proto; // protocol number, of headers after IP
};

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
	struct frame_layer layers[FRAME_LAYERS_MAX];
	unsigned int n_layers;
};

// The fields of a TCP segment that a test sets; the rest of the header follows from them.
struct frame_tcp {
	uint16_t sport;
	uint16_t dport;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
};

enum {
	TH_FIN = 0x01,
	TH_SYN = 0x02,
	TH_RST = 0x04,
	TH_PSH = 0x08,
	TH_ACK = 0x10,
	TH_URG = 0x20,
	TH_ECE = 0x40,
	TH_CWR = 0x80,
};

void frame_begin(struct frame *frame);

uint8_t *frame_ethernet(struct frame *frame);

// A VLAN tag; tpid is the ethertype that announces it: 0x8100, 0x88a8, 0x9100.
uint8_t *frame_tag(struct frame *frame, uint16_t tpid, uint16_t vlan);

// IPv4, or IPv6 if the addresses have colons. After an ICMP header it is the quoted packet.
uint8_t *frame_ip(struct frame *frame, const char *src, const char *dst);

// An extension header of IPv6 of len bytes: 0 hop-by-hop, 43 routing, 60 destination options (len a
// multiple of 8), 51 authentication (of 4, at least 12).
uint8_t *frame_extension(struct frame *frame, uint8_t proto, unsigned int len);

// The fragment header of IPv6; offset in bytes, a multiple of 8.
uint8_t *frame_fragment(struct frame *frame, unsigned int offset, bool more);

uint8_t *frame_tcp(struct frame *frame, const struct frame_tcp *tcp);
uint8_t *frame_udp(struct frame *frame, uint16_t sport, uint16_t dport);

// coverage as on the wire: 0 is all.
uint8_t *frame_udplite(struct frame *frame, uint16_t sport, uint16_t dport, uint16_t coverage);

// ICMP or ICMPv6, whichever belongs to the family of the packet: 8 bytes.
uint8_t *frame_icmp(struct frame *frame, uint8_t type, uint8_t code, uint16_t id);

// GRE of 8 bytes: flags and version, protocol, and the two fields that a PPTP header has there.
uint8_t *frame_gre(struct frame *frame, uint16_t flags, uint16_t proto, uint16_t call_id);

// SCTP's header; chunks follow.
uint8_t *frame_sctp(struct frame *frame, uint16_t sport, uint16_t dport, uint32_t tag);

// A chunk with len bytes of value, which are zero; padded to a multiple of 4.
uint8_t *frame_chunk(struct frame *frame, uint8_t type, uint8_t flags, uint16_t len);

// DCCP with sequence numbers of 48 bits: header_len bytes, all zero after the first 16.
uint8_t *frame_dccp(struct frame *frame, uint8_t type, uint64_t seq, unsigned int header_len);

// len zero bytes of any other protocol.
uint8_t *frame_proto(struct frame *frame, uint8_t proto, unsigned int len);

// Options of the IPv4 or TCP header just written: len bytes, a multiple of 4.
uint8_t *frame_options(struct frame *frame, const uint8_t *options, unsigned int len);

// len bytes of payload, counting up.
uint8_t *frame_data(struct frame *frame, unsigned int len);

void frame_end(struct frame *frame);

// Where the n-th header of this kind begins.
uint16_t frame_off(const struct frame *frame, enum frame_kind kind, unsigned int n);

// Truncates the outer IP packet to len bytes and adjusts its length field and IPv4 checksum;
// nothing else changes.
void frame_shorten_ip(struct frame *frame, uint32_t len);
