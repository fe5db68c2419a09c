// SPDX-License-Identifier: BSD-3-Clause
//
// struct pkt: everything that the stages know about one packet of a burst.
//
// Life cycle: the burst fills the first group; parse fills the second; each later stage reads the
// groups above its own and writes its own, and its verdict. Of a packet that takes the lane nothing
// else is written. A pkt exists as long as its burst, in the worker's memory, and is never shared.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "base/clock.h"
#include "packet/tuple.h"

struct ct_conn;
struct fragment;

#define BURST_MAX 64 // packets that are worked on together, in every stage

// What rules call the state of a packet (the kernel's ct state). NONE: conntrack has not seen it.
enum pkt_class {
	CLASS_NONE,
	CLASS_NEW,
	CLASS_ESTABLISHED,
	CLASS_RELATED,
	CLASS_INVALID,
	CLASS_UNTRACKED,
	CLASS_COUNT,
};

enum verdict { VERDICT_PENDING, VERDICT_ACCEPT, VERDICT_DROP, VERDICT_REJECT };

// Why a packet has its verdict. The first two belong to rules; every other value is a drop reason.
// A dropped packet has exactly one, counted by name.
enum reason {
	REASON_RULE,
	REASON_DEFAULT,
	REASON_MALFORMED,      // layer 2 or 3 cannot be read; pkt.fault says where
	REASON_NOT_IP,         // not IP, and of a kind that may not pass
	REASON_TABLE_FULL,     // no room for a new connection
	REASON_HANDOFF_FULL,   // the home worker's ring had no room
	REASON_TX_FULL,        // the transmit queue of the output port was full
	REASON_PORT_GONE,      // the output port has no device at the moment
	REASON_NO_WIRE,        // the input port belongs to no wire
	REASON_FRAG_TIMEOUT,   // the rest of its datagram did not come in time
	REASON_FRAG_OVERLAP,   // a fragment of its datagram overlaps another
	REASON_FRAG_DUPLICATE, // the datagram already has these bytes
	REASON_FRAG_LENGTH, // empty, no whole blocks, its header cut off, or it contradicts the end
	REASON_FRAG_OVERSIZE, // its datagram would be longer than 65535 bytes
	REASON_FRAG_ECN,      // its ECN bits contradict other fragments (RFC 3168, 5.3)
	REASON_FRAG_FULL,     // no room to hold it any longer
	REASON_HELPER,        // announces a connection that cannot be parsed or expected
	REASON_CUT,           // replay: bytes that matter are missing in the capture
	REASON_COUNT,
};

// What is wrong with a packet. Up to FAULT_L3_LAST the packet cannot be read and is dropped as
// malformed; after it the packet can be judged and its class is invalid.
enum fault {
	FAULT_NONE,
	FAULT_ETHERNET_SHORT,
	FAULT_IPV4_SHORT,
	FAULT_IPV4_VERSION,
	FAULT_IPV4_HEADER_LEN,
	FAULT_IPV4_TOTAL_LEN,
	FAULT_IPV4_TRUNCATED,
	FAULT_IPV4_CHECKSUM,
	FAULT_IPV6_SHORT,
	FAULT_IPV6_VERSION,
	FAULT_IPV6_TRUNCATED,
	FAULT_CUT, // truncated by the capture
	FAULT_IPV6_HOP_BY_HOP,
	FAULT_L3_LAST = FAULT_IPV6_HOP_BY_HOP,
	FAULT_FRAGMENT,
	FAULT_IPV6_EXTENSION,
	FAULT_NO_NEXT_HEADER,
	FAULT_L4_SHORT,
	FAULT_L4_LENGTH,
	FAULT_L4_CHECKSUM,
	FAULT_WRONG_FAMILY,
	FAULT_GRE_PPTP,
	FAULT_TCP_OFFSET,
	FAULT_TCP_FLAGS,
	FAULT_TCP_STATE,
	FAULT_TCP_WINDOW,
	FAULT_TCP_RST,
	FAULT_TCP_PICKUP,
	FAULT_SCTP_CHUNK,
	FAULT_SCTP_STATE,
	FAULT_SCTP_TAG,
	FAULT_DCCP_HEADER,
	FAULT_DCCP_STATE,
	FAULT_ICMP_TYPE,
	FAULT_ICMP_INNER,
	FAULT_ICMP_NO_CONNECTION,
	FAULT_ICMP_NOT_SENDER,
	FAULT_NOT_INVERTIBLE,
	FAULT_COUNT,
};

// Kinds of frames that are not IP.
enum non_ip { NON_IP_ARP, NON_IP_LLDP, NON_IP_STP, NON_IP_OTHER, NON_IP_COUNT };

#define PORT_NONE  UINT8_MAX
#define RULE_NONE  UINT32_MAX
#define CHAIN_NONE UINT8_MAX

#define TRAIL_MAX 4

// The last outcome of the rules for packets of a connection, per direction. It is stored with the
// connection, which keeps it for the rules; all that conntrack knows of it is which packets the
// lane may take by it.
struct verdict_memo {
	uint16_t generation;         // of the remembered outcome; 0: none
	uint8_t facts[DIR_COUNT];    // what else is known about the packet, see pipeline/memo.h
	uint16_t outcome[DIR_COUNT]; // number of the outcome, and MEMO_PASSES
};

#define MEMO_PASSES 0x8000 // the outcome lets the packet pass

// What is known about a connection (the kernel's IPS_ bits that rules ask for).
enum { ACCOUNT_EXPECTED = 1 << 0, ACCOUNT_SEEN_REPLY = 1 << 1, ACCOUNT_ASSURED = 1 << 2 };

// A connection as it is with this packet, for rules that ask.
struct account {
	uint64_t packets[DIR_COUNT];
	uint64_t octets[DIR_COUNT]; // of layer 3
	uint8_t status;             // bits ACCOUNT_
	bool has_counters;          // packets are counted
};

struct pkt {
	struct rte_mbuf *mbuf;      // owned by the burst
	struct fragment *fragments; // fragments of a datagram, owned; NULL: it came whole
	uint64_t seq;               // identifies the packet: n in replay, else process-wide
	uint64_t now_ns;            // when it arrived
	tick_t now;                 // the same in ticks
	uint8_t in_port;            // index of the configured port
	bool is_fresh;              // a frame as it came, whose zone no rule has set
	bool is_parsed;             // the next groups are filled
	bool is_looked_up;          // the lane knows hash and entry

	// what becomes of it
	uint8_t out_port; // the other end of the wire, PORT_NONE without one
	uint8_t verdict;  // enum verdict
	uint8_t reason;   // enum reason
	uint8_t chain;    // index of the chain that gave the verdict, CHAIN_NONE: none
	uint32_t rule; // index of the rule in the whole ruleset, RULE_NONE: the policy or no rule

	// parse: meaning of the bytes. Offsets count from the start of the frame.
	uint16_t ethertype; // host order, behind the VLAN tags
	uint32_t l4_off;
	uint32_t l3_len; // of the whole IP packet, header included
	uint16_t l3_off;
	uint16_t l4_len; // bytes from l4_off to the end of the IP packet
	uint8_t family;  // enum family; FAMILY_NONE if not IP
	uint8_t fault;   // enum fault
	uint8_t icmp_type, icmp_code;
	uint8_t tcp_flags;
	bool is_plain;    // TCP or UDP in IPv4, whole, no fault, headers up to layer 4 in one piece
	bool has_tuple;   // the tuple is complete; else only family, addresses and proto are set
	bool has_ports;   // the tuple's fields are ports
	bool is_fragment; // more follow, the offset is not 0, or the fragment header is truncated
	bool has_call_id; // GRE version 1: the tuple's dst_field is a call id (RFC 2637)
	bool is_atomic;   // whole, but with a fragment header of IPv6 (RFC 6946)
	struct tuple tuple;

	// conntrack
	bool is_notrack;           // a rule before conntrack said notrack
	bool has_news;             // the packet changed something that causes an event
	uint8_t class;             // enum pkt_class
	uint8_t dir;               // enum dir
	uint8_t helper;            // of the connection, 0: none
	uint8_t set_helper;        // helper a rule asked for, 0: none
	uint8_t set_window;        // enum ct_window a rule asked for, plus one; 0: none
	uint32_t hash;             // keyed hash of the flow's key, in packets that begin a flow
	uint32_t entry;            // what the table has for it, if is_looked_up
	uint32_t mark;             // of the connection
	struct ct_conn *conn;      // NULL: none. Valid until the end of the pass
	struct verdict_memo *memo; // of the connection; NULL: none, or the packet is not its own

	// rules
	uint8_t n_trail;           // counters that counted the packet; TRAIL_MAX + 1: more than fit
	uint32_t trail[TRAIL_MAX]; // numbers of these counters

	// how a rejected packet was answered; of no other
	uint8_t answer;  // enum pkt_answer
	uint8_t silence; // enum silence

	// the connection with this packet, if rules ask (CT_RULES_ASK_ACCOUNTS)
	struct account account;

	// the connection after this packet, if wanted (ct_config.wants_entries)
	uint64_t conn_id;     // 0: none
	const char *ct_state; // name of the protocol's state, NULL: it has none
	tick_t ct_deadline;
	uint8_t ct_status; // bits of enum ct_status
	bool in_table;     // it is confirmed
};

const char *class_name(enum pkt_class class_);  // "new", ...; NULL for CLASS_NONE
const char *verdict_name(enum verdict verdict); // "accept", "drop", "reject"
const char *reason_name(enum reason reason);    // "rule", "default", "malformed", ...
const char *fault_name(enum fault fault);       // "tcp_flags", ...; "none"
const char *tcp_flag_name(unsigned int bit);    // of the flag 1 << bit: "fin", "syn", ...
const char *non_ip_name(enum non_ip kind);      // "arp", "lldp", "stp", "other"

// True when the packet is a fragment or an atomic one.
static inline bool
pkt_has_place(const struct pkt *pkt)
{
	return pkt->is_fragment || pkt->is_atomic;
}

// Drops the packet for this reason; no later stage sees it.
static inline void
pkt_drop(struct pkt *pkt, enum reason reason)
{
	pkt->verdict = VERDICT_DROP;
	pkt->reason = (uint8_t)reason;
}

// len bytes of the IP packet from off (counted from the start of the frame), or NULL when the
// packet ends before them. The bytes are in the mbuf, or copied to scratch if they cross segments.
// => scratch has room for len bytes. Never reads past the IP packet.
static inline const void *
pkt_bytes(const struct pkt *pkt, uint32_t off, uint32_t len, void *scratch)
{
	if (off + len > pkt->l3_off + pkt->l3_len)
		return NULL;
	return rte_pktmbuf_read(pkt->mbuf, off, len, scratch);
}

// The fixed part of the layer 4 header, len bytes of it; the rest as for pkt_bytes.
// => len is at most the length of that header in TCP and UDP, each for its packets.
static inline const void *
pkt_l4(const struct pkt *pkt, uint32_t len, void *scratch)
{
	if (likely(pkt->is_plain))
		return rte_pktmbuf_mtod_offset(pkt->mbuf, const void *, pkt->l4_off);
	return pkt_bytes(pkt, pkt->l4_off, len, scratch);
}
