// SPDX-License-Identifier: BSD-3-Clause
#include "engine/metrics.h"

#include <rte_ethdev.h>

#include "engine/worker_stats.h"

static const struct metric worker_rows[] = {
	{.name = "sallyport_worker_turns",
	 .key = "turns",
	 .help = "Turns of the worker's loop.",
	 METRIC_AT(struct worker_stats, turns)},
	{.name = "sallyport_worker_busy_turns",
	 .key = "busy_turns",
	 .help = "Turns that had a packet.",
	 METRIC_AT(struct worker_stats, busy_turns)},
	{.name = "sallyport_worker_received_packets",
	 .key = "received",
	 .help = "Frames that the worker received from ports.",
	 METRIC_AT(struct worker_stats, received)},
	{.name = "sallyport_worker_sent_packets",
	 .key = "sent",
	 .help = "Frames that the worker sent to ports.",
	 METRIC_AT(struct worker_stats, sent)},
	{.name = "sallyport_worker_busy_turn_seconds",
	 .help = "How long turns took that had a packet.",
	 .unit = "seconds",
	 .kind = METRIC_HISTOGRAM,
	 .sum_offset = offsetof(struct worker_stats, busy_ns),
	 METRIC_ALL(struct worker_stats, busy_time)},
	{.name = "sallyport_worker_reap_turn_seconds",
	 .help = "How long turns took that removed expired connections.",
	 .unit = "seconds",
	 .kind = METRIC_HISTOGRAM,
	 .sum_offset = offsetof(struct worker_stats, reap_ns),
	 METRIC_ALL(struct worker_stats, reap_time)},
	{.name = "sallyport_worker_request_turn_seconds",
	 .help = "How long requests of the telemetry socket took in turns that had some.",
	 .unit = "seconds",
	 .kind = METRIC_HISTOGRAM,
	 .sum_offset = offsetof(struct worker_stats, request_ns),
	 METRIC_ALL(struct worker_stats, request_time)},
};

const struct metric_table worker_metrics = METRIC_TABLE(worker_rows);

static const struct metric port_rows[] = {
	{.name = "sallyport_port_receive_packets",
	 .key = "rx_packets",
	 .help = "Frames that the port's device received.",
	 METRIC_AT(struct rte_eth_stats, ipackets)},
	{.name = "sallyport_port_receive_bytes",
	 .key = "rx_bytes",
	 .help = "Bytes that the port's device received.",
	 .unit = "bytes",
	 METRIC_AT(struct rte_eth_stats, ibytes)},
	{.name = "sallyport_port_receive_missed",
	 .key = "rx_missed",
	 .help = "Frames that the device dropped since no worker fetched those before.",
	 METRIC_AT(struct rte_eth_stats, imissed)},
	{.name = "sallyport_port_receive_errors",
	 .key = "rx_errors",
	 .help = "Frames that the device received with an error.",
	 METRIC_AT(struct rte_eth_stats, ierrors)},
	{.name = "sallyport_port_receive_no_mbuf",
	 .key = "rx_no_mbuf",
	 .help = "Frames that were not received for want of a buffer.",
	 METRIC_AT(struct rte_eth_stats, rx_nombuf)},
	{.name = "sallyport_port_transmit_packets",
	 .key = "tx_packets",
	 .help = "Frames that the port's device sent.",
	 METRIC_AT(struct rte_eth_stats, opackets)},
	{.name = "sallyport_port_transmit_bytes",
	 .key = "tx_bytes",
	 .help = "Bytes that the port's device sent.",
	 .unit = "bytes",
	 METRIC_AT(struct rte_eth_stats, obytes)},
	{.name = "sallyport_port_transmit_errors",
	 .key = "tx_errors",
	 .help = "Frames that the device could not send.",
	 METRIC_AT(struct rte_eth_stats, oerrors)},
};

const struct metric_table port_metrics = METRIC_TABLE(port_rows);
