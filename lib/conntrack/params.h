// SPDX-License-Identifier: BSD-3-Clause
//
// The parameters of connection tracking: the kernel's nf_conntrack sysctls under their own names,
// with their own defaults. Plain data; a shard has a copy.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// All timeouts: enumerator, configuration key, default in seconds. The key is the sysctl's name
// without nf_conntrack_ and without timeout_ (tcp_timeout_syn_sent: tcp_syn_sent).
#define CT_TIMEOUTS(X)                                                                             \
	X(TCP_SYN_SENT, "tcp_syn_sent", 120)                                                       \
	X(TCP_SYN_RECV, "tcp_syn_recv", 60)                                                        \
	X(TCP_ESTABLISHED, "tcp_established", 432000)                                              \
	X(TCP_FIN_WAIT, "tcp_fin_wait", 120)                                                       \
	X(TCP_CLOSE_WAIT, "tcp_close_wait", 60)                                                    \
	X(TCP_LAST_ACK, "tcp_last_ack", 30)                                                        \
	X(TCP_TIME_WAIT, "tcp_time_wait", 120)                                                     \
	X(TCP_CLOSE, "tcp_close", 10)                                                              \
	X(TCP_MAX_RETRANS, "tcp_max_retrans", 300)                                                 \
	X(TCP_UNACKNOWLEDGED, "tcp_unacknowledged", 300)                                           \
	X(UDP, "udp", 30)                                                                          \
	X(UDP_STREAM, "udp_stream", 120)                                                           \
	X(ICMP, "icmp", 30)                                                                        \
	X(ICMPV6, "icmpv6", 30)                                                                    \
	X(GRE, "gre", 30)                                                                          \
	X(GRE_STREAM, "gre_stream", 180)                                                           \
	X(SCTP_CLOSED, "sctp_closed", 10)                                                          \
	X(SCTP_COOKIE_WAIT, "sctp_cookie_wait", 3)                                                 \
	X(SCTP_COOKIE_ECHOED, "sctp_cookie_echoed", 3)                                             \
	X(SCTP_ESTABLISHED, "sctp_established", 210)                                               \
	X(SCTP_SHUTDOWN_SENT, "sctp_shutdown_sent", 3)                                             \
	X(SCTP_SHUTDOWN_RECD, "sctp_shutdown_recd", 3)                                             \
	X(SCTP_SHUTDOWN_ACK_SENT, "sctp_shutdown_ack_sent", 3)                                     \
	X(SCTP_HEARTBEAT_SENT, "sctp_heartbeat_sent", 30)                                          \
	X(DCCP_REQUEST, "dccp_request", 240)                                                       \
	X(DCCP_RESPOND, "dccp_respond", 480)                                                       \
	X(DCCP_PARTOPEN, "dccp_partopen", 480)                                                     \
	X(DCCP_OPEN, "dccp_open", 43200)                                                           \
	X(DCCP_CLOSEREQ, "dccp_closereq", 64)                                                      \
	X(DCCP_CLOSING, "dccp_closing", 64)                                                        \
	X(DCCP_TIMEWAIT, "dccp_timewait", 240)                                                     \
	X(GENERIC, "generic", 600)

#define X(name, key, sec) CT_TIMEOUT_##name,
enum ct_timeout { CT_TIMEOUTS(X) CT_TIMEOUT_COUNT };
#undef X

// When connections are tracked at all (conntrack.enable).
enum ct_enable {
	CT_ENABLE_ALWAYS, // as the kernel's enable_hooks=1
	CT_ENABLE_AUTO,   // when some rule needs connections, as the kernel's hooks do
	CT_ENABLE_COUNT,
};

// The table that finds connections (conntrack.table).
enum ct_table_kind {
	CT_TABLE_LINES,    // ours: an entry for both directions
	CT_TABLE_RTE_HASH, // DPDK's: an entry for each direction
	CT_TABLE_KIND_COUNT,
};

// How DCCP is tracked (conntrack.dccp).
enum ct_dccp_tracking {
	CT_DCCP_TRACKED, // by ports and states, as Linux before 6.17
	CT_DCCP_GENERIC, // by addresses only, as Linux since
	CT_DCCP_COUNT,
};

// How strictly the windows of a TCP connection are checked (rule statement set_window).
enum ct_window {
	CT_WINDOW_LINUX,   // as Linux since 6.0: segments below the window pass
	CT_WINDOW_STRICT,  // as Linux before 6.0: segments outside the window are invalid
	CT_WINDOW_LIBERAL, // segments outside the window pass
	CT_WINDOW_COUNT,
};

struct ct_params {
	uint32_t max_connections; // of all workers together
	uint32_t table;           // enum ct_table_kind
	uint32_t enable;          // enum ct_enable
	uint32_t dccp;            // enum ct_dccp_tracking
	bool lane;                // packets of established flows may take the lane
	bool accounting;          // packets and bytes per direction
	bool checksum;            // verify layer 4 checksums
	bool tcp_loose;           // pick up connections mid-stream
	bool tcp_be_liberal;      // out-of-window segments are not invalid
	bool tcp_ignore_invalid_rst;
	uint8_t tcp_max_retrans;
	uint32_t timeouts_sec[CT_TIMEOUT_COUNT];
};

// The kernel's defaults, accounting on (the kernel: off) and 1,048,576 connections.
void ct_params_init(struct ct_params *params);

// The configuration key of a timeout, "tcp_syn_sent".
const char *ct_timeout_key(enum ct_timeout timeout);

// Helpers that a rule may attach to a new connection (set_helper). 0 is none.
enum ct_helper { CT_HELPER_NONE, CT_HELPER_FTP, CT_HELPER_TFTP, CT_HELPER_PPTP, CT_HELPER_COUNT };

const char *ct_helper_name(enum ct_helper helper);    // "ftp"; NULL for none
const char *ct_table_name(enum ct_table_kind kind);   // "lines"
const char *ct_enable_name(enum ct_enable enable);    // "always"
const char *ct_window_name(enum ct_window window);    // "strict"
const char *ct_dccp_name(enum ct_dccp_tracking dccp); // "tracked"
