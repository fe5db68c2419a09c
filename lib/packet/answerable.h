// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a refused packet may be answered. An answer to the wrong packet travels to everybody, or
// is answered itself (RFC 1122, 3.2.2; RFC 4443, 2.4; RFC 9293, 3.10.7.1); so the reasons to stay
// silent have names and are counted. Pure functions.
#pragma once

#include "packet/packet.h"

// How a packet is answered that a rule rejects.
enum pkt_answer { ANSWER_NONE, ANSWER_TCP_RESET, ANSWER_ICMP, ANSWER_COUNT };

// Why a rejected packet is not answered. SPEAKING: it is.
enum silence {
	SILENCE_SPEAKING,
	SILENCE_FRAGMENT,      // not a whole datagram
	SILENCE_GROUP_MAC,     // the frame was sent to a group, or pretends to come from one
	SILENCE_ADDRESS,       // an address is of a group, of all, or unspecified
	SILENCE_RST,           // a reset is not reset
	SILENCE_AUTHENTICATED, // behind an authentication header; its end believes no bare reset
	SILENCE_ICMP_ERROR,    // an error is not answered by an error
	SILENCE_SHORT,         // too short for the header of its protocol
	SILENCE_CHECKSUM,      // who knows whom it came from
	SILENCE_RATE,          // enough answers have been sent
	SILENCE_NO_MEMORY,     // no buffer, or too small a one, for the answer
	SILENCE_COUNT,
};

const char *answer_name(enum pkt_answer answer); // "none", "tcp_reset", "icmp"
const char *silence_name(enum silence silence);  // "fragment", ...; NULL for SILENCE_SPEAKING

// Why a packet may not be answered by a TCP reset, or by ICMP's destination unreachable.
// => pkt has been parsed, is of IPv4 or IPv6 and, for the reset, of TCP. Any thread.
// => A checksum is asked of every protocol but GRE, ESP, AH, SCTP and UDP-Lite, as Linux does
//    before it answers. conntrack.checksum does not matter here.
enum silence answerable_by_reset(const struct pkt *pkt);
enum silence answerable_by_icmp(const struct pkt *pkt);
