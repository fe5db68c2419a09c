// SPDX-License-Identifier: BSD-3-Clause
//
// The table has no defaults: cfg_fields_init, frag_params_init and ct_params_init set them.
#include "settings/fields.h"

#include <string.h>

#include <rte_common.h>

#include "base/clock.h"

#define WORKERS_MAX     64
#define CONNECTIONS_MAX (UINT32_C(1) << 28)
#define DATAGRAMS_MAX   65536
#define FRAGMENTS_MAX   (UINT32_C(1) << 20)
#define ANSWERS_MAX     UINT32_C(1000000000) // a second
#define RATELIMIT_MAX   UINT32_C(3600000)    // ms

// When the timeout of that name applies.
#define HELP_TCP_SYN_SENT    "After the first SYN, until it is answered"
#define HELP_TCP_SYN_RECV    "After the answer to the first SYN, until it is acknowledged"
#define HELP_TCP_ESTABLISHED "Between two segments of an open connection"
#define HELP_TCP_FIN_WAIT    "After the first FIN"
#define HELP_TCP_CLOSE_WAIT  "After the first FIN was acknowledged"
#define HELP_TCP_LAST_ACK    "After the second FIN, until it is acknowledged"
#define HELP_TCP_TIME_WAIT   "After both sides have closed"
#define HELP_TCP_CLOSE       "After a RST"
#define HELP_TCP_MAX_RETRANS                                                                       \
	"After tcp.max_retrans retransmissions of a segment, or when the window is zero"
#define HELP_TCP_UNACKNOWLEDGED     "While data is not acknowledged by the other side"
#define HELP_UDP                    "Without an answer, or within two seconds of the first packet"
#define HELP_UDP_STREAM             "After an answer, later than two seconds after the first packet"
#define HELP_ICMP                   "Between request and reply of ICMP"
#define HELP_ICMPV6                 "Between request and reply of ICMPv6"
#define HELP_GRE                    "Without an answer"
#define HELP_GRE_STREAM             "After packets in both directions"
#define HELP_SCTP_CLOSED            "After an ABORT or the end of a shutdown"
#define HELP_SCTP_COOKIE_WAIT       "After INIT"
#define HELP_SCTP_COOKIE_ECHOED     "After COOKIE-ECHO"
#define HELP_SCTP_ESTABLISHED       "Between two packets of an open association"
#define HELP_SCTP_SHUTDOWN_SENT     "After SHUTDOWN from the side that opened"
#define HELP_SCTP_SHUTDOWN_RECD     "After SHUTDOWN from the other side"
#define HELP_SCTP_SHUTDOWN_ACK_SENT "After SHUTDOWN-ACK"
#define HELP_SCTP_HEARTBEAT_SENT    "After a HEARTBEAT that began the association"
#define HELP_DCCP_REQUEST           "After Request"
#define HELP_DCCP_RESPOND           "After Response"
#define HELP_DCCP_PARTOPEN          "After the acknowledgement of a Response"
#define HELP_DCCP_OPEN              "Between two packets of an open connection"
#define HELP_DCCP_CLOSEREQ          "After CloseReq"
#define HELP_DCCP_CLOSING           "After Close"
#define HELP_DCCP_TIMEWAIT          "After both sides have closed"
#define HELP_GENERIC                "Between two packets of every other protocol"

#define FRAGMENT(member) offsetof(struct config, fragments.member)
#define ANSWERS(member)  offsetof(struct config, answers.member)
#define NON_IP(kind)     offsetof(struct config, non_ip[kind])
#define PARAM(member)    offsetof(struct config, conntrack.member)

#define X(name, key, sec)                                                                          \
	{"conntrack.timeouts",                                                                     \
	 key,                                                                                      \
	 CFG_FIELD_U32,                                                                            \
	 PARAM(timeouts_sec[CT_TIMEOUT_##name]),                                                   \
	 1,                                                                                        \
	 TIMEOUT_MAX_SEC,                                                                          \
	 "seconds",                                                                                \
	 HELP_##name,                                                                              \
	 .is_live = true},

// clang-format off

// A name of words, as the table wants it, from one of their own type.
#define NAME_OF_WORDS(name, of, type)                                                              \
	static const char *name(uint32_t value) { return of((type)value); }

NAME_OF_WORDS(table_name, ct_table_name, enum ct_table_kind)
NAME_OF_WORDS(enable_name, ct_enable_name, enum ct_enable)
NAME_OF_WORDS(dccp_name, ct_dccp_name, enum ct_dccp_tracking)
NAME_OF_WORDS(non_ip_verdict_name, verdict_name, enum verdict)

const struct cfg_field cfg_fields[] = {
	{"", "workers", CFG_FIELD_U32, offsetof(struct config, workers), 1, WORKERS_MAX, "lcores",
	 "How many lcores work on packets; each has its own part of the connections"},
	{"", "measure_cycles", CFG_FIELD_BOOL, offsetof(struct config, measure_cycles), 0, 1, "",
	 "Count the cycles that each part of a worker's loop takes; sallyctl cycles shows them"},
	{"non_ip", "arp", CFG_FIELD_WORD, NON_IP(NON_IP_ARP), VERDICT_ACCEPT, VERDICT_DROP, "",
	 "ARP, without which IPv4 does not work",
	 non_ip_verdict_name, .is_live = true},
	{"non_ip", "lldp", CFG_FIELD_WORD, NON_IP(NON_IP_LLDP), VERDICT_ACCEPT, VERDICT_DROP, "",
	 "LLDP, with which neighbours identify themselves",
	 non_ip_verdict_name, .is_live = true},
	{"non_ip", "stp", CFG_FIELD_WORD, NON_IP(NON_IP_STP), VERDICT_ACCEPT, VERDICT_DROP, "",
	 "BPDUs of spanning tree, with which bridges find loops",
	 non_ip_verdict_name, .is_live = true},
	{"non_ip", "other", CFG_FIELD_WORD, NON_IP(NON_IP_OTHER), VERDICT_ACCEPT, VERDICT_DROP, "",
	 "All other frames that are not IP",
	 non_ip_verdict_name, .is_live = true},
	{"answers", "per_second", CFG_FIELD_U32, ANSWERS(per_second), 0, ANSWERS_MAX, "answers",
	 "How many answers to rejected packets all workers together send in a second; 0 turns "
	 "answers off",
	 .is_live = true},
	{"answers", "icmp_ratelimit", CFG_FIELD_U32, ANSWERS(icmp_ratelimit_ms), 0, RATELIMIT_MAX,
	 "milliseconds",
	 "The interval between ICMP errors to the same address, after six at once; 0 is no limit",
	 .is_live = true},
	{"fragments", "max_datagrams", CFG_FIELD_U32, FRAGMENT(max_datagrams), 1, DATAGRAMS_MAX,
	 "datagrams",
	 "How many incomplete datagrams a worker holds; one more, and the oldest is dropped"},
	{"fragments", "max_fragments", CFG_FIELD_U32, FRAGMENT(max_fragments), 2, FRAGMENTS_MAX,
	 "fragments",
	 "How many fragments a worker holds, likewise; a fragment counts once for each packet buffer "
	 "it needs"},
	{"fragments", "max_per_source", CFG_FIELD_U32, FRAGMENT(max_per_source), 1, DATAGRAMS_MAX,
	 "datagrams",
	 "How many incomplete datagrams a worker holds of one source address, so that no source can "
	 "take all the room",
	 .is_live = true},
	{"fragments", "timeout_ipv4", CFG_FIELD_U32, FRAGMENT(timeout_ipv4), 1, TIMEOUT_MAX_SEC,
	 "seconds",
	 "How long after its first fragment an incomplete IPv4 datagram is dropped; ipfrag_time of "
	 "Linux",
	 .is_live = true},
	{"fragments", "timeout_ipv6", CFG_FIELD_U32, FRAGMENT(timeout_ipv6), 1, TIMEOUT_MAX_SEC,
	 "seconds",
	 "The same for IPv6; nf_conntrack_frag6_timeout of Linux",
	 .is_live = true},
	{"conntrack", "max_connections", CFG_FIELD_U32, PARAM(max_connections), 1, CONNECTIONS_MAX,
	 "connections",
	 "How many connections there is room for, in all workers together; the memory is reserved "
	 "at start"},
	{"conntrack", "table", CFG_FIELD_WORD, PARAM(table), 0, CT_TABLE_KIND_COUNT - 1, "",
	 "Which table finds connections: Sallyport's own, or DPDK's rte_hash",
	 table_name},
	{"conntrack", "enable", CFG_FIELD_WORD, PARAM(enable), 0, CT_ENABLE_COUNT - 1, "",
	 "Whether connections are tracked always, or only when some rule needs to know them",
	 enable_name,
	 .is_live = true},
	{"conntrack", "dccp", CFG_FIELD_WORD, PARAM(dccp), 0, CT_DCCP_COUNT - 1, "",
	 "Whether DCCP is tracked by ports and states, or as an unknown protocol",
	 dccp_name},
	{"conntrack", "lane", CFG_FIELD_BOOL, PARAM(lane), 0, 1, "",
	 "Whether packets of established flows whose verdict is remembered take the lane",
	 .is_live = true},
	{"conntrack", "accounting", CFG_FIELD_BOOL, PARAM(accounting), 0, 1, "",
	 "Count packets and bytes of each connection and direction",
	 .is_live = true},
	{"conntrack", "checksum", CFG_FIELD_BOOL, PARAM(checksum), 0, 1, "",
	 "Verify checksums of layer 4; a packet whose checksum is wrong is invalid",
	 .is_live = true},
	{"conntrack.tcp", "loose", CFG_FIELD_BOOL, PARAM(tcp_loose), 0, 1, "",
	 "Pick up TCP connections that were open before they were first seen",
	 .is_live = true},
	{"conntrack.tcp", "be_liberal", CFG_FIELD_BOOL, PARAM(tcp_be_liberal), 0, 1, "",
	 "Segments outside the window are not invalid, except for a RST below the last "
	 "acknowledgement",
	 .is_live = true},
	{"conntrack.tcp", "max_retrans", CFG_FIELD_U8, PARAM(tcp_max_retrans), 0, UINT8_MAX,
	 "retransmissions",
	 "After how many retransmissions of a segment the timeout tcp_max_retrans applies",
	 .is_live = true},
	{"conntrack.tcp", "ignore_invalid_rst", CFG_FIELD_BOOL, PARAM(tcp_ignore_invalid_rst), 0, 1,
	 "",
	 "A RST below the last acknowledgement is not invalid either",
	 .is_live = true},
	CT_TIMEOUTS(X)
};
// clang-format on
#undef X

const unsigned int cfg_n_fields = RTE_DIM(cfg_fields);

_Static_assert(sizeof(((struct config *)0)->workers) == sizeof(uint32_t), "read as CFG_FIELD_U32");

void
cfg_fields_init(struct config *config)
{
	config->workers = 1;
	config->measure_cycles = false;
	for (unsigned int i = 0; i < NON_IP_COUNT; i++)
		config->non_ip[i] = i == NON_IP_ARP ? VERDICT_ACCEPT : VERDICT_DROP;
	config->answers = (struct answer_params){.per_second = 10000, .icmp_ratelimit_ms = 1000};
	frag_params_init(&config->fragments);
	ct_params_init(&config->conntrack);
}

uint32_t
cfg_field_get(const struct cfg_field *field, const struct config *config)
{
	const void *member = (const char *)config + field->offset;

	switch (field->type) {
	case CFG_FIELD_BOOL:
		return *(const bool *)member;
	case CFG_FIELD_U8:
		return *(const uint8_t *)member;
	default:
		return *(const uint32_t *)member;
	}
}
