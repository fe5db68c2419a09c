// SPDX-License-Identifier: BSD-3-Clause
#include "cases.h"

#include <rte_common.h>

#define A4 "192.0.2.1"
#define B4 "198.51.100.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8:1::2"

enum { HOP_BY_HOP = 0, ROUTING = 43, AUTHENTICATION = 51, DESTINATION_OPTIONS = 60 };

// Every builder begins with Ethernet and the IP header of A to B of one family.
static uint8_t *
begin_ipv4(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	return frame_ip(frame, A4, B4);
}

static uint8_t *
begin_ipv6(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	return frame_ip(frame, A6, B6);
}

static void
end_udp(struct frame *frame)
{
	frame_udp(frame, 1025, 53);
	frame_data(frame, 4);
	frame_end(frame);
}

static void
end_tcp(struct frame *frame)
{
	frame_tcp(frame, &(struct frame_tcp){1025, 80, TH_SYN, 100, 0, 65535});
	frame_end(frame);
}

static void
udp4(struct frame *frame)
{
	begin_ipv4(frame);
	end_udp(frame);
}

static void
tcp4(struct frame *frame)
{
	begin_ipv4(frame);
	end_tcp(frame);
}

static void
tcp4_options(struct frame *frame)
{
	static const uint8_t options[12] = {2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 0};

	begin_ipv4(frame);
	frame_tcp(frame, &(struct frame_tcp){1025, 80, TH_SYN, 100, 0, 65535});
	frame_options(frame, options, sizeof(options));
	frame_data(frame, 3);
	frame_end(frame);
}

static void
icmp4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_icmp(frame, 8, 0, 9);
	frame_data(frame, 4);
	frame_end(frame);
}

static void
gre4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_gre(frame, 0x2000, 0x0800, 7); // a key: no part of the tuple
	frame_end(frame);
}

static void
gre4_pptp(struct frame *frame)
{
	begin_ipv4(frame);
	frame_gre(frame, 0x3001, 0x880b, 7);
	frame_end(frame);
}

static void
gre4_pptp_no_ppp(struct frame *frame)
{
	begin_ipv4(frame);
	frame_gre(frame, 0x3001, 0x0800, 7);
	frame_end(frame);
}

static void
with_ports4(struct frame *frame, uint8_t proto)
{
	uint8_t *l4;

	begin_ipv4(frame);
	l4 = frame_proto(frame, proto, 12);
	l4[1] = 100;
	l4[3] = 200;
	frame_end(frame);
}

static void
sctp4(struct frame *frame)
{
	with_ports4(frame, PROTO_SCTP);
}

static void
dccp4(struct frame *frame)
{
	with_ports4(frame, PROTO_DCCP);
}

static void
udplite4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_udplite(frame, 1025, 53, 8);
	frame_data(frame, 4);
	frame_end(frame);
}

static void
esp4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_proto(frame, PROTO_ESP, 8);
	frame_end(frame);
}

// Proto 0 is a protocol like any other in IPv4, and so is 59.
static void
proto0_4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_proto(frame, 0, 8);
	frame_end(frame);
}

static void
proto59_4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_proto(frame, PROTO_NONE, 8);
	frame_end(frame);
}

static void
options4(struct frame *frame)
{
	static const uint8_t options[40] = {7, 39, 4};

	begin_ipv4(frame);
	frame_options(frame, options, sizeof(options));
	end_udp(frame);
}

// Ethernet fills short frames up; what is behind the IP packet is no part of it.
static void
padded4(struct frame *frame)
{
	udp4(frame);
	for (int i = 0; i < 14; i++)
		frame->bytes[frame->len++] = 0xee;
}

static void
vlan4(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_tag(frame, 0x8100, 5);
	frame_ip(frame, A4, B4);
	end_udp(frame);
}

static void
qinq6(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_tag(frame, 0x88a8, 5);
	frame_tag(frame, 0x8100, 6);
	frame_ip(frame, A6, B6);
	end_udp(frame);
}

static void
four_tags4(struct frame *frame)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_tag(frame, 0x9100, 1);
	frame_tag(frame, 0x88a8, 2);
	frame_tag(frame, 0x8100, 3);
	frame_tag(frame, 0x8100, 4);
	frame_ip(frame, A4, B4);
	end_udp(frame);
}

static void
first_fragment4(struct frame *frame)
{
	begin_ipv4(frame)[6] = 0x20; // more fragments
	end_udp(frame);
}

static void
later_fragment4(struct frame *frame)
{
	begin_ipv4(frame)[7] = 1; // 8 bytes in
	end_udp(frame);
}

static void
do_not_fragment4(struct frame *frame)
{
	begin_ipv4(frame)[6] = 0x40;
	end_udp(frame);
}

static void
icmpv6_in_4(struct frame *frame)
{
	begin_ipv4(frame);
	frame_proto(frame, PROTO_ICMPV6, 8);
	frame_end(frame);
}

static void
udp6(struct frame *frame)
{
	begin_ipv6(frame);
	end_udp(frame);
}

static void
tcp6(struct frame *frame)
{
	begin_ipv6(frame);
	end_tcp(frame);
}

static void
icmp6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_icmp(frame, 128, 0, 9);
	frame_end(frame);
}

static void
gre6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_gre(frame, 0, 0x0800, 7);
	frame_end(frame);
}

static void
hop_by_hop6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, HOP_BY_HOP, 16);
	end_udp(frame);
}

static void
routing6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, ROUTING, 24);
	end_udp(frame);
}

static void
destination_options6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, DESTINATION_OPTIONS, 8);
	end_udp(frame);
}

// The length of AH counts words of 4 bytes, unlike all others.
static void
authentication6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, AUTHENTICATION, 28);
	end_tcp(frame);
}

static void
atomic_fragment6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_fragment(frame, 0, false);
	end_udp(frame);
}

// All of them, in the order RFC 8200 recommends, with the destination options twice.
static void
chain6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, HOP_BY_HOP, 8);
	frame_extension(frame, DESTINATION_OPTIONS, 16);
	frame_extension(frame, ROUTING, 8);
	frame_fragment(frame, 0, false);
	frame_extension(frame, AUTHENTICATION, 12);
	frame_extension(frame, DESTINATION_OPTIONS, 8);
	end_udp(frame);
}

static void
esp6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, DESTINATION_OPTIONS, 8);
	frame_proto(frame, PROTO_ESP, 8);
	frame_end(frame);
}

static void
first_fragment6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_fragment(frame, 0, true);
	end_udp(frame);
}

// What looks like UDP behind the header of a later fragment is somewhere inside the datagram.
static void
later_fragment6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_fragment(frame, 8, false);
	end_udp(frame);
}

static void
no_next_header6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_proto(frame, PROTO_NONE, 8);
	frame_end(frame);
}

static void
no_next_header6_behind(struct frame *frame)
{
	begin_ipv6(frame);
	frame_extension(frame, HOP_BY_HOP, 8);
	frame_proto(frame, PROTO_NONE, 0);
	frame_end(frame);
}

static void
icmp_in_6(struct frame *frame)
{
	begin_ipv6(frame);
	frame_proto(frame, PROTO_ICMP, 8);
	frame_end(frame);
}

static void
with_ethertype(struct frame *frame, uint8_t high, uint8_t low)
{
	uint8_t *ethernet;

	frame_begin(frame);
	ethernet = frame_ethernet(frame);
	ethernet[12] = high;
	ethernet[13] = low;
	frame_data(frame, 28);
	frame_end(frame);
}

static void
arp(struct frame *frame)
{
	with_ethertype(frame, 0x08, 0x06);
}

// A length instead of an ethertype: IEEE 802.3 with LLC behind it, a bridge's spanning tree.
static void
llc(struct frame *frame)
{
	with_ethertype(frame, 0x00, 0x26);
}

#define V4 "192.0.2.1 :1025 > 198.51.100.2 :53"
#define V6 "2001:db8::1 :1025 > 2001:db8:1::2 :53"
#define IPV4(...)                                                                                  \
	{                                                                                          \
		{0, FAULT_IPV4_SHORT}, __VA_ARGS__                                                 \
	}
#define IPV6(...)                                                                                  \
	{                                                                                          \
		{0, FAULT_IPV6_SHORT}, __VA_ARGS__                                                 \
	}

// clang-format off
const struct packet_case packet_cases[] = {
	// The four bytes of the ports are enough for a tuple, whatever the header behind them lacks.
	{"udp4", udp4, "none: ipv4 17 " V4 " l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"tcp4", tcp4, "none: ipv4 6 192.0.2.1 :1025 > 198.51.100.2 :80 l3 14+40 l4 34+20",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"tcp4_options", tcp4_options,
	 "none: ipv4 6 192.0.2.1 :1025 > 198.51.100.2 :80 l3 14+55 l4 34+35",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"icmp4", icmp4, "none: ipv4 1 192.0.2.1 9 > 198.51.100.2 2048 l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {28, FAULT_NONE})},
	{"gre4", gre4, "none: ipv4 47 192.0.2.1 0 > 198.51.100.2 0 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE})},
	{"gre4_pptp", gre4_pptp, "none: ipv4 47 192.0.2.1 0 > 198.51.100.2 7 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE})},
	{"gre4_pptp_no_ppp", gre4_pptp_no_ppp,
	 "gre_pptp: ipv4 47 192.0.2.1 > 198.51.100.2 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE}, {28, FAULT_GRE_PPTP})},
	{"sctp4", sctp4, "none: ipv4 132 192.0.2.1 :100 > 198.51.100.2 :200 l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"dccp4", dccp4, "none: ipv4 33 192.0.2.1 :100 > 198.51.100.2 :200 l3 14+32 l4 34+12",
	 IPV4({20, FAULT_NONE})},
	{"udplite4", udplite4, "none: ipv4 136 " V4 " l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"esp4", esp4, "none: ipv4 50 192.0.2.1 0 > 198.51.100.2 0 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE})},
	{"proto0_4", proto0_4, "none: ipv4 0 192.0.2.1 0 > 198.51.100.2 0 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE})},
	{"proto59_4", proto59_4, "none: ipv4 59 192.0.2.1 0 > 198.51.100.2 0 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_NONE})},
	{"options4", options4, "none: ipv4 17 " V4 " l3 14+72 l4 74+12",
	 IPV4({20, FAULT_IPV4_TOTAL_LEN}, {60, FAULT_L4_SHORT}, {64, FAULT_NONE})},
	{"padded4", padded4, "none: ipv4 17 " V4 " l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"vlan4", vlan4, "none: ipv4 17 " V4 " l3 18+32 l4 38+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"qinq6", qinq6, "none: ipv6 17 " V6 " l3 22+52 l4 62+12",
	 IPV6({40, FAULT_L4_SHORT}, {44, FAULT_NONE})},
	{"four_tags4", four_tags4, "none: ipv4 17 " V4 " l3 30+32 l4 50+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"first_fragment4", first_fragment4,
	 "fragment: ipv4 17 " V4 " l3 14+32 l4 34+12 fragment",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_FRAGMENT})},
	{"later_fragment4", later_fragment4,
	 "fragment: ipv4 17 192.0.2.1 > 198.51.100.2 l3 14+32 l4 34+12 fragment",
	 IPV4({20, FAULT_FRAGMENT})},
	{"do_not_fragment4", do_not_fragment4, "none: ipv4 17 " V4 " l3 14+32 l4 34+12",
	 IPV4({20, FAULT_L4_SHORT}, {24, FAULT_NONE})},
	{"icmpv6_in_4", icmpv6_in_4,
	 "wrong_family: ipv4 58 192.0.2.1 > 198.51.100.2 l3 14+28 l4 34+8",
	 IPV4({20, FAULT_WRONG_FAMILY})},

	{"udp6", udp6, "none: ipv6 17 " V6 " l3 14+52 l4 54+12",
	 IPV6({40, FAULT_L4_SHORT}, {44, FAULT_NONE})},
	{"tcp6", tcp6, "none: ipv6 6 2001:db8::1 :1025 > 2001:db8:1::2 :80 l3 14+60 l4 54+20",
	 IPV6({40, FAULT_L4_SHORT}, {44, FAULT_NONE})},
	{"icmp6", icmp6, "none: ipv6 58 2001:db8::1 9 > 2001:db8:1::2 32768 l3 14+48 l4 54+8",
	 IPV6({40, FAULT_L4_SHORT}, {48, FAULT_NONE})},
	{"gre6", gre6, "none: ipv6 47 2001:db8::1 0 > 2001:db8:1::2 0 l3 14+48 l4 54+8",
	 IPV6({40, FAULT_NONE})},
	// Of an extension header, the bytes that lead on must be there: 2, of a fragment header 4. What
	// it announces beyond the end leaves nothing for the header behind it. Hop-by-hop options must
	// be whole.
	{"hop_by_hop6", hop_by_hop6, "none: ipv6 17 " V6 " l3 14+68 l4 70+12",
	 IPV6({40, FAULT_IPV6_HOP_BY_HOP}, {56, FAULT_L4_SHORT}, {60, FAULT_NONE})},
	{"routing6", routing6, "none: ipv6 17 " V6 " l3 14+76 l4 78+12",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {42, FAULT_L4_SHORT}, {68, FAULT_NONE})},
	{"destination_options6", destination_options6, "none: ipv6 17 " V6 " l3 14+60 l4 62+12",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {42, FAULT_L4_SHORT}, {52, FAULT_NONE})},
	{"authentication6", authentication6,
	 "none: ipv6 6 2001:db8::1 :1025 > 2001:db8:1::2 :80 l3 14+88 l4 82+20",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {42, FAULT_L4_SHORT}, {72, FAULT_NONE})},
	{"atomic_fragment6", atomic_fragment6, "none: ipv6 17 " V6 " l3 14+60 l4 62+12",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {44, FAULT_L4_SHORT}, {52, FAULT_NONE})},
	{"chain6", chain6, "none: ipv6 17 " V6 " l3 14+112 l4 114+12",
	 IPV6({40, FAULT_IPV6_HOP_BY_HOP}, {48, FAULT_IPV6_EXTENSION}, {94, FAULT_L4_SHORT}, {104, FAULT_NONE})},
	{"esp6", esp6, "none: ipv6 50 2001:db8::1 0 > 2001:db8:1::2 0 l3 14+56 l4 62+8",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {42, FAULT_NONE})},
	{"first_fragment6", first_fragment6,
	 "none: ipv6 17 " V6 " l3 14+60 l4 62+12 fragment",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {44, FAULT_L4_SHORT}, {52, FAULT_NONE})},
	{"later_fragment6", later_fragment6,
	 "fragment: ipv6 17 2001:db8::1 > 2001:db8:1::2 l3 14+60 l4 62+12 fragment",
	 IPV6({40, FAULT_IPV6_EXTENSION}, {44, FAULT_FRAGMENT})},
	{"no_next_header6", no_next_header6,
	 "no_next_header: ipv6 59 2001:db8::1 > 2001:db8:1::2 l3 14+48 l4 54+8",
	 IPV6({40, FAULT_NO_NEXT_HEADER})},
	{"no_next_header6_behind", no_next_header6_behind,
	 "no_next_header: ipv6 59 2001:db8::1 > 2001:db8:1::2 l3 14+48 l4 62+0",
	 IPV6({40, FAULT_IPV6_HOP_BY_HOP}, {48, FAULT_NO_NEXT_HEADER})},
	{"icmp_in_6", icmp_in_6,
	 "wrong_family: ipv6 1 2001:db8::1 > 2001:db8:1::2 l3 14+48 l4 54+8",
	 IPV6({40, FAULT_WRONG_FAMILY})},

	// Not IP: nothing but the ethertype is read, so nothing can be too short.
	{"arp", arp, "none: 0x0806", {{0}}},
	{"llc", llc, "none: 0x0026", {{0}}},
};
// clang-format on

const unsigned int n_packet_cases = RTE_DIM(packet_cases);
