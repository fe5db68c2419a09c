// SPDX-License-Identifier: BSD-3-Clause
//
// The names of what a packet can be: they are what verdict lines, counters and rules call it.
#include "packet/answerable.h"
#include "packet/packet.h"

static const char *const classes[CLASS_COUNT] = {
	[CLASS_NEW] = "new",
	[CLASS_ESTABLISHED] = "established",
	[CLASS_RELATED] = "related",
	[CLASS_INVALID] = "invalid",
	[CLASS_UNTRACKED] = "untracked",
};

static const char *const verdicts[] = {
	[VERDICT_PENDING] = "pending",
	[VERDICT_ACCEPT] = "accept",
	[VERDICT_DROP] = "drop",
	[VERDICT_REJECT] = "reject",
};

static const char *const reasons[REASON_COUNT] = {
	[REASON_RULE] = "rule",
	[REASON_DEFAULT] = "default",
	[REASON_MALFORMED] = "malformed",
	[REASON_NOT_IP] = "not_ip",
	[REASON_TABLE_FULL] = "table_full",
	[REASON_HANDOFF_FULL] = "handoff_full",
	[REASON_TX_FULL] = "tx_full",
	[REASON_PORT_GONE] = "port_gone",
	[REASON_NO_WIRE] = "no_wire",
	[REASON_FRAG_TIMEOUT] = "frag_timeout",
	[REASON_FRAG_OVERLAP] = "frag_overlap",
	[REASON_FRAG_DUPLICATE] = "frag_duplicate",
	[REASON_FRAG_LENGTH] = "frag_length",
	[REASON_FRAG_OVERSIZE] = "frag_oversize",
	[REASON_FRAG_ECN] = "frag_ecn",
	[REASON_FRAG_FULL] = "frag_full",
	[REASON_HELPER] = "helper",
	[REASON_CUT] = "cut",
};

static const char *const faults[FAULT_COUNT] = {
	[FAULT_NONE] = "none",
	[FAULT_ETHERNET_SHORT] = "ethernet_short",
	[FAULT_IPV4_SHORT] = "ipv4_short",
	[FAULT_IPV4_VERSION] = "ipv4_version",
	[FAULT_IPV4_HEADER_LEN] = "ipv4_header_len",
	[FAULT_IPV4_TOTAL_LEN] = "ipv4_total_len",
	[FAULT_IPV4_TRUNCATED] = "ipv4_truncated",
	[FAULT_IPV4_CHECKSUM] = "ipv4_checksum",
	[FAULT_IPV6_SHORT] = "ipv6_short",
	[FAULT_IPV6_VERSION] = "ipv6_version",
	[FAULT_IPV6_TRUNCATED] = "ipv6_truncated",
	[FAULT_CUT] = "cut",
	[FAULT_IPV6_HOP_BY_HOP] = "ipv6_hop_by_hop",
	[FAULT_FRAGMENT] = "fragment",
	[FAULT_IPV6_EXTENSION] = "ipv6_extension",
	[FAULT_NO_NEXT_HEADER] = "no_next_header",
	[FAULT_L4_SHORT] = "l4_short",
	[FAULT_L4_LENGTH] = "l4_length",
	[FAULT_L4_CHECKSUM] = "l4_checksum",
	[FAULT_WRONG_FAMILY] = "wrong_family",
	[FAULT_GRE_PPTP] = "gre_pptp",
	[FAULT_TCP_OFFSET] = "tcp_offset",
	[FAULT_TCP_FLAGS] = "tcp_flags",
	[FAULT_TCP_STATE] = "tcp_state",
	[FAULT_TCP_WINDOW] = "tcp_window",
	[FAULT_TCP_RST] = "tcp_rst",
	[FAULT_TCP_PICKUP] = "tcp_pickup",
	[FAULT_SCTP_CHUNK] = "sctp_chunk",
	[FAULT_SCTP_STATE] = "sctp_state",
	[FAULT_SCTP_TAG] = "sctp_tag",
	[FAULT_DCCP_HEADER] = "dccp_header",
	[FAULT_DCCP_STATE] = "dccp_state",
	[FAULT_ICMP_TYPE] = "icmp_type",
	[FAULT_ICMP_INNER] = "icmp_inner",
	[FAULT_ICMP_NO_CONNECTION] = "icmp_no_connection",
	[FAULT_ICMP_NOT_SENDER] = "icmp_not_sender",
	[FAULT_NOT_INVERTIBLE] = "not_invertible",
};

// From the lowest bit on (RFC 9293, section 3.1; RFC 3168 for the last two).
static const char *const tcp_flags[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

static const char *const non_ip[NON_IP_COUNT] = {
	[NON_IP_ARP] = "arp",
	[NON_IP_LLDP] = "lldp",
	[NON_IP_STP] = "stp",
	[NON_IP_OTHER] = "other",
};

static const char *const answers[ANSWER_COUNT] = {
	[ANSWER_NONE] = "none",
	[ANSWER_TCP_RESET] = "tcp_reset",
	[ANSWER_ICMP] = "icmp",
};

static const char *const silences[SILENCE_COUNT] = {
	[SILENCE_FRAGMENT] = "fragment",
	[SILENCE_GROUP_MAC] = "group_mac",
	[SILENCE_ADDRESS] = "address",
	[SILENCE_RST] = "rst",
	[SILENCE_AUTHENTICATED] = "authenticated",
	[SILENCE_ICMP_ERROR] = "icmp_error",
	[SILENCE_SHORT] = "short",
	[SILENCE_CHECKSUM] = "checksum",
	[SILENCE_RATE] = "rate",
	[SILENCE_NO_MEMORY] = "no_memory",
};

const char *
class_name(enum pkt_class class_)
{
	return classes[class_];
}

const char *
verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *
reason_name(enum reason reason)
{
	return reasons[reason];
}

const char *
fault_name(enum fault fault)
{
	return faults[fault];
}

const char *
non_ip_name(enum non_ip kind)
{
	return non_ip[kind];
}

const char *
tcp_flag_name(unsigned int bit)
{
	return tcp_flags[bit];
}

const char *
answer_name(enum pkt_answer answer)
{
	return answers[answer];
}

const char *
silence_name(enum silence silence)
{
	return silences[silence];
}
